import type { InferenceRequest, NamedTensors, PlatformError, ServedBy, Tensor } from '@understudy/core'
import type { PredictionReceiver } from '../predictor.ts'
import type { AnswerOrigin, BatchReceiver } from './pending-request.ts'
import type { RequestKeeping } from './request-keeping.ts'

export interface PredictionOptions {
  /** Who answers, unless the answer says otherwise. */
  readonly servedBy: ServedBy
  readonly receiver: PredictionReceiver
  /** Is offered the answer afterwards, unless it belongs to a pair. */
  readonly keeper?: Pick<RequestKeeping, 'offerAnswer'> | undefined
  /** @defaultValue 1 */
  readonly rows?: number
}

/** One request that was handed to a batcher, with what its answer needs. */
export class Prediction implements BatchReceiver {
  readonly #request: InferenceRequest
  readonly #options: PredictionOptions

  constructor(request: InferenceRequest, options: PredictionOptions) {
    this.#request = request
    this.#options = options
  }

  answered(all: NamedTensors, origin?: AnswerOrigin): void {
    const { requestId, outputs: names } = this.#request
    const { receiver, keeper, rows = 1 } = this.#options
    const servedBy = origin?.servedBy ?? this.#options.servedBy
    const outputs = names === undefined ? all : picked(all, names)
    receiver.answered({ requestId, outputs, servedBy })
    if (keeper !== undefined && origin?.mirrored !== true) {
      keeper.offerAnswer(servedBy, { requestId, rows }, all)
    }
  }

  failed(error: PlatformError): void {
    this.#options.receiver.failed(error)
  }
}

function picked(outputs: NamedTensors, names: readonly string[]): NamedTensors {
  const wanted = new Map<string, Tensor>()
  for (const [name, tensor] of outputs) if (names.includes(name)) wanted.set(name, tensor)
  return wanted
}
