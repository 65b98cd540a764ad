import type { NamedTensors } from '@understudy/core'
import type { PairAnswer } from '../mirror-sink.ts'
import type { ServableId } from '../servable.ts'
import type { BatchReceiver, BatchRequest, PendingRequest } from './pending-request.ts'

/** What live requests of a version meet at the moment when one of its batches is about to run. */
export interface BatchLoad {
  /** Requests that wait behind the batch. */
  readonly queued: number
  /** Requests that may wait. */
  readonly queueMax: number
  /** Batches that run already. */
  readonly inFlight: number
  /** How long the oldest request of the batch has waited, which a busy loop makes longer too. */
  readonly waitedMs: number
}

/** A batch of live traffic that is about to run. */
export interface RoutableBatch {
  readonly id: ServableId
  readonly requests: readonly PendingRequest[]
  readonly load: BatchLoad
  /** Takes a request into the queue of this version again, also while the version is being unloaded: the batch holds it. */
  readonly resubmit: (request: BatchRequest, receiver: BatchReceiver) => void
}

/** What of a batch runs here, and who wants to know. Requests that are away are settled by the router. */
export interface RoutedBatch {
  /** In their order. Empty: another version runs them all. */
  readonly requests: readonly PendingRequest[]
  readonly mirrored: boolean
  /** Its run has begun. */
  began(inputs: NamedTensors): void
  /**
   * Called after the answers that are this version's have been handed out; returns at once.
   *
   * @param runTimeMs of the model alone; `Infinity` when the run was ended
   */
  answered(answers: readonly PairAnswer[], runTimeMs: number): void
}

/**
 * Decides, before anything of a batch runs, whether another version runs it too and which version answers each request. Synchronous and
 * never throws; undefined: nothing but the usual.
 */
export interface BatchRouter {
  route(batch: RoutableBatch): RoutedBatch | undefined
}
