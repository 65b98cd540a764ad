import {
  type InferenceResponse,
  type NamedTensors,
  type PlatformError,
  type ServedBy,
  type StageTimes,
  toPlatformError,
  type VersionSelector,
} from '@understudy/core'
import { type PredictionReceiver, type PredictionTask, type Protocol, submitTo } from '@understudy/serving'
import { noTimes, nowMs, type RestObserver } from '../http/rest-observer.ts'
import type { CallScope } from './call-scope.ts'

/** One prediction that a message asks for. */
export interface WantedPrediction {
  readonly model: string
  readonly selector: VersionSelector
  readonly inputs: NamedTensors
  /** Outputs asked for by name; undefined means all. */
  readonly outputs?: readonly string[] | undefined
  /** Budget that the message names. */
  readonly timeoutMs?: number | undefined
}

/** Where the outcome of a prediction goes. Must not throw, but for {@link answered}: what it throws fails the prediction. */
export interface PredictionOutcome {
  /** Writes the answer. */
  answered(response: InferenceResponse): void
  failed(error: PlatformError): void
}

/** One prediction from the bytes of its message to its written answer. The observer is told of it once. */
export class PredictionRun implements PredictionReceiver {
  readonly #scope: CallScope
  readonly #protocol: Protocol
  readonly #task: PredictionTask | undefined
  readonly #observer: RestObserver | undefined
  readonly #outcome: PredictionOutcome
  readonly #times: StageTimes = noTimes()
  readonly #startMs = nowMs()
  #model = ''
  #selector: VersionSelector | undefined
  #servedBy: ServedBy | undefined
  #isEnded = false
  requestId: string

  constructor(
    scope: CallScope,
    on: {
      readonly protocol: Protocol
      readonly task?: PredictionTask | undefined
      readonly observer: RestObserver | undefined
      readonly outcome: PredictionOutcome
    },
  ) {
    this.#scope = scope
    this.#protocol = on.protocol
    this.#task = on.task
    this.#observer = on.observer
    this.#outcome = on.outcome
    this.requestId = scope.requestId
  }

  /** Exactly one call of the outcome follows. Never throws. */
  start(decode: () => WantedPrediction): void {
    this.#scope.servedBy = undefined
    try {
      const wanted = decode()
      this.#times.decodeMs = nowMs() - this.#startMs
      this.#submit(wanted)
    } catch (error) {
      this.failed(toPlatformError(error))
    }
  }

  answered(response: InferenceResponse): void {
    if (this.#isEnded) return
    const beganMs = performance.now()
    try {
      this.#servedBy = response.servedBy
      this.#scope.servedBy = response.servedBy
      this.#outcome.answered(response)
      this.#times.encodeMs = performance.now() - beganMs
      this.#ended(undefined)
    } catch (error) {
      this.failed(toPlatformError(error))
    }
  }

  failed(thrown: PlatformError): void {
    if (this.#isEnded) return
    const error = this.#scope.explain(thrown)
    this.#findServedBy()
    this.#outcome.failed(error)
    this.#ended(error)
  }

  #submit({ model, selector, inputs, outputs, timeoutMs }: WantedPrediction): void {
    const scope = this.#scope
    const { metadata, predictor, gone } = scope
    this.#model = model
    this.#selector = selector
    submitTo(
      predictor,
      {
        requestId: this.requestId,
        model,
        selector,
        inputs,
        outputs,
        timeoutMs: scope.budgetMs(timeoutMs),
        signal: gone,
        minGeneration: metadata.minGeneration,
        traceparent: metadata.traceparent,
        header: metadata.header,
        times: this.#times,
      },
      this,
    )
  }

  /** Errors say who would have answered. */
  #findServedBy(): void {
    // A message that could not be read may have told whom it is for.
    this.#servedBy ??= this.#selector === undefined ? this.#scope.servedBy : undefined
    if (this.#selector === undefined || this.#servedBy !== undefined) return
    try {
      this.#servedBy = this.#scope.predictor.describe(this.#model, this.#selector).servedBy
      this.#scope.servedBy = this.#servedBy
    } catch {
      // Then nobody would have.
    }
  }

  #ended(error: PlatformError | undefined): void {
    this.#isEnded = true
    this.#observer?.requestEnded({
      requestId: this.requestId,
      protocol: this.#protocol,
      task: this.#task,
      model: this.#model,
      servedBy: this.#servedBy,
      traceparent: this.#scope.metadata.traceparent,
      times: this.#times,
      error,
      startedAtMs: this.#startMs,
      tookMs: nowMs() - this.#startMs,
    })
  }
}
