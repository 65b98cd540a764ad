import {
  type InferenceRequest,
  type InferenceResponse,
  type PlatformError,
  toPlatformError,
} from '@understudy/core'
import type { Predictor } from '@understudy/serving'

/** A request that is about to run. */
export interface PredictStart {
  readonly request: InferenceRequest
  /** When its HTTP request arrived: milliseconds since the epoch, with fractions. */
  readonly startMs: number
}

/** Where spans and metrics hook in. Must not throw. */
export interface PredictObserver {
  onPredict(start: PredictStart): { end(outcome: InferenceResponse | PlatformError): void }
  /** A fault of ours, once, with the id that the client was shown. */
  onFault(error: PlatformError): void
}

/** Now, in milliseconds since the epoch with fractions, never going backwards. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now()
}

/** Runs one request and tells the observer how it ended. */
export async function predictObserved(
  predictor: Predictor,
  observer: PredictObserver | undefined,
  start: PredictStart,
): Promise<InferenceResponse> {
  const observation = observer?.onPredict(start)
  try {
    const response = await predictor.predict(start.request)
    observation?.end(response)
    return response
  } catch (thrown) {
    const error = toPlatformError(thrown)
    observation?.end(error)
    throw error
  }
}

/** The predictor with every request observed. */
export function observedPredictor(
  predictor: Predictor,
  observer: PredictObserver | undefined,
  startMs: number,
): Predictor {
  if (observer === undefined) return predictor
  return {
    predict: (request) => predictObserved(predictor, observer, { request, startMs }),
    describe: (model, selector) => predictor.describe(model, selector),
    versions: (model) => predictor.versions(model),
    models: () => predictor.models(),
    planAgeMs: () => predictor.planAgeMs(),
  }
}
