import { type InferenceRequest, type PlatformError, type ServedBy, toPlatformError } from '@understudy/core'
import type { Predictor } from '@understudy/serving'
import { noTimes, nowMs, type RestObserver } from './rest-observer.ts'

interface Prediction {
  readonly request: InferenceRequest
  readonly endedAtMs: number
  readonly servedBy: ServedBy | undefined
  readonly error: PlatformError | undefined
}

/** The predictions of one tRPC request, told to the observer when its answer was written. */
export class TrpcPredictions {
  readonly predictor: Predictor
  readonly #startMs: number
  readonly #ended: Prediction[] = []

  constructor(predictor: Predictor, startMs: number) {
    this.#startMs = startMs
    this.predictor = {
      predict: async (asked) => {
        const request = { ...asked, times: noTimes() }
        const ended = (servedBy?: ServedBy, error?: PlatformError) =>
          this.#ended.push({ request, servedBy, error, endedAtMs: nowMs() })
        try {
          const response = await predictor.predict(request)
          ended(response.servedBy)
          return response
        } catch (thrown) {
          const error = toPlatformError(thrown)
          ended(undefined, error)
          throw error
        }
      },
      describe: (model, selector) => predictor.describe(model, selector),
      versions: (model) => predictor.versions(model),
      models: () => predictor.models(),
      planAgeMs: () => predictor.planAgeMs(),
    }
  }

  /** @param selected who was selected for a call that failed, by model */
  tell(observer: RestObserver, selected: readonly ServedBy[]): void {
    const writtenAtMs = nowMs()
    for (const { request, endedAtMs, servedBy, error } of this.#ended) {
      const { requestId, model, traceparent, times } = request
      if (times === undefined) continue
      // The answers of a batch are written as one; from the end of a call to there is the nearest that can be told.
      times.encodeMs = error === undefined ? writtenAtMs - endedAtMs : 0
      observer.requestEnded({
        ...{ requestId, protocol: 'trpc', model, traceparent, times, error },
        servedBy: servedBy ?? selected.find((one) => one.model === model),
        ...{ startedAtMs: this.#startMs, tookMs: writtenAtMs - this.#startMs },
      })
    }
  }
}
