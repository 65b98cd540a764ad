import type { CapturePlan, NamedTensors } from '@understudy/core'

/** A request that was checked, as a keeper sees it: valid during the call, to be copied by who keeps it. */
export interface OfferedRequest {
  readonly requestId: string
  /** Size of its batch axis, 1 where there is none. */
  readonly rows: number
}

/**
 * Keeps requests, to be replayed through versions that come later.
 *
 * `offer` is called synchronously before anything runs, only for requests for `live` that the coin of `plan.share` has taken. The
 * tensors are views of what came over the wire: an implementation copies what it keeps, and drops what does not fit. It may not be
 * counted on that the request is answered.
 */
export interface InputCapture {
  offer(model: string, plan: CapturePlan, request: OfferedRequest & { readonly inputs: NamedTensors }): void
}

/**
 * Keeps live answers, to be scored when an outcome is reported.
 *
 * `offer` is called after the answer was handed out, only for answers that the coin of `keepAnswersShare` has taken and that belong to
 * no mirrored batch. The tensors are views: an implementation copies what it keeps.
 */
export interface AnswerKeeper {
  offer(
    model: string,
    version: { readonly number: number; readonly digest: string },
    request: OfferedRequest,
    outputs: NamedTensors,
  ): void
}

/** A request of earlier, to be run through both versions of a rollout. */
export interface ReplayedRequest extends OfferedRequest {
  readonly inputs: NamedTensors
}

/**
 * What became of a replayed request: `settled` when its pair went to the sink, `lost` when it was admitted and could not be had,
 * `refused` when nothing of it was begun, so that it may be replayed another time.
 */
export type ReplayOutcome = 'settled' | 'lost' | 'refused'
