import type { InferenceRequest, ServedBy } from '@understudy/core'
import type { Predictor } from '@understudy/serving'

/** What a predict procedure works with: one per HTTP request, which may carry several calls. */
export interface PredictContext {
  readonly predictor: Predictor
  /** What the headers say about every call of the HTTP request. */
  readonly call: Pick<InferenceRequest, 'timeoutMs' | 'minGeneration' | 'traceparent'>
  /** An id for the next call: each has its own, since a request id counts once as evidence. */
  readonly nextRequestId: () => string
  /** Called when it is known which version answers a call, before it runs. */
  readonly onSelected: (servedBy: ServedBy) => void
  /** Called once for every server-side fault, with the error that carries the id shown to the caller. */
  readonly onFault: (error: unknown) => void
}
