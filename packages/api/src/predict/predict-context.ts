import type { InferenceRequest, OutcomeReporter, ServedBy, VersionSelector } from '@understudy/core'
import type { Predictor } from '@understudy/serving'

/** What a predict procedure works with: one per HTTP request, which may carry several calls. */
export interface PredictContext {
  readonly predictor: Predictor
  /** Takes outcomes of whoever made the HTTP request, once it is known that they may report. */
  readonly outcomes: OutcomeReporter
  /** What the headers say about every call of the HTTP request. */
  readonly call: Pick<InferenceRequest, 'timeoutMs' | 'minGeneration' | 'traceparent' | 'header'>
  /** Id of the HTTP request. */
  readonly requestId: string
  /**
   * The version that a call is for, from what its input says and what headers say.
   *
   * @throws PlatformError `request.malformed` when they disagree
   */
  readonly pinned: (ofInput: VersionSelector) => VersionSelector
  /** Called when it is known which version is to answer a call of the request, before it runs, and again with the one that did. */
  readonly onSelected: (servedBy: ServedBy, batchIndex: number) => void
  /** Called once for every server-side fault, with the error that carries the id shown to the caller. */
  readonly onFault: (error: unknown) => void
}

/** Id of a call: each has its own, since a request id counts once as evidence. The first has that of the HTTP request. */
export function callIdOf(requestId: string, batchIndex: number): string {
  return batchIndex === 0 ? requestId : `${requestId}/${batchIndex + 1}`
}
