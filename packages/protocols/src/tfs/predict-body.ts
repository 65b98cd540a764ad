import type { NamedTensors } from '@understudy/core'

/** `row` answers a body with `instances`, `columnar` one with `inputs`. */
export type PredictForm = 'row' | 'columnar'

export interface PredictBody {
  readonly form: PredictForm
  readonly inputs: NamedTensors
}
