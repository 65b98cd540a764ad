import {
  ANSWER_BEGIN,
  answerEnd,
  type EncodedError,
  encodeOutputsText,
  encodePredictError,
  encodePredictRefusal,
  type PredictCall,
} from '@understudy/api/predict'
import {
  type InferenceResponse,
  type PlatformError,
  type ServedBy,
  type StageTimes,
  toPlatformError,
} from '@understudy/core'
import type { PredictionReceiver } from '@understudy/serving'
import type { BodyPart } from './body-parts.ts'
import { isLargeAnswer, type LargeBodies } from './large-bodies.ts'
import { noTimes } from './rest-observer.ts'

const OK = 200

export interface TrpcFastCallOptions {
  readonly requestId: string
  readonly index: number
  readonly decodeMs: number
  readonly largeBodies: LargeBodies | undefined
  /** Called once, when its text is there. */
  readonly onEnded: (call: TrpcFastCall) => void
}

/** One call of `predict`, and what became of it. */
export class TrpcFastCall implements PredictionReceiver {
  /** Undefined for an input that tRPC refuses. */
  readonly asked: PredictCall | undefined
  readonly requestId: string
  readonly times: StageTimes = noTimes()
  /** Who was to answer. */
  selected: ServedBy | undefined
  answeredBy: ServedBy | undefined
  error: PlatformError | undefined
  httpStatus = OK
  /** Place in the batch. */
  readonly index: number
  /** The result as tRPC writes it; undefined until there is one. */
  data: readonly BodyPart[] | undefined
  /** The same of the error. */
  errorText = ''
  readonly #largeBodies: LargeBodies | undefined
  readonly #onEnded: (call: TrpcFastCall) => void

  constructor(
    asked: PredictCall | undefined,
    { requestId, index, decodeMs, largeBodies, onEnded }: TrpcFastCallOptions,
  ) {
    this.asked = asked
    this.requestId = requestId
    this.index = index
    this.times.decodeMs = decodeMs
    this.#largeBodies = largeBodies
    this.#onEnded = onEnded
  }

  get isFault(): boolean {
    return this.error?.category === 'INTERNAL' || this.error?.category === 'DATA_LOSS'
  }

  /** For the predictor. */
  answered(response: InferenceResponse): void {
    try {
      this.answeredBy = response.servedBy
      const beganMs = performance.now()
      const end = answerEnd(response)
      if (this.#largeBodies !== undefined && isLargeAnswer(response.outputs)) {
        this.#largeBodies.encodeOutputs(response.outputs).then(
          (outputs) => this.#answer([ANSWER_BEGIN, outputs, end], beganMs),
          (error) => this.failed(error),
        )
        return
      }
      this.#answer([ANSWER_BEGIN + encodeOutputsText(response.outputs) + end], beganMs)
    } catch (error) {
      this.failed(error)
    }
  }

  #answer(data: readonly BodyPart[], beganMs: number): void {
    this.data = data
    this.times.encodeMs = performance.now() - beganMs
    this.#onEnded(this)
  }

  /** For the predictor too. */
  failed(thrown: unknown): void {
    this.error = toPlatformError(thrown)
    this.#fail(encodePredictError(this.error, this.requestId))
  }

  /** Its input was refused. */
  refused(message: string, requestId: string): void {
    this.#fail(encodePredictRefusal(message, requestId))
  }

  #fail({ httpStatus, text }: EncodedError): void {
    this.httpStatus = httpStatus
    this.errorText = text
    this.#onEnded(this)
  }
}
