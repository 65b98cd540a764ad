import type { NamedTensors } from '@understudy/core'

/** What one version answered, as it crosses into the worker: tensors, or the code of its error. */
export type ComparableAnswer = { readonly outputs: NamedTensors } | FailedAnswer

/** What a version failed with. */
export interface FailedAnswer {
  readonly errorCode: string
  /** The same input did the same harm again, alone in a process of its own. */
  readonly confirmed?: true
}
