import type {
  CancelSignal,
  InferenceRequest,
  NamedTensors,
  PlatformError,
  ServedBy,
  StageTimes,
} from '@understudy/core'
import type { PairAnswer } from '../mirror-sink.ts'
import type { Expiring } from './deadline-watch.ts'

/** One request as the batcher takes it: checked, and with its budget. */
export interface BatchRequest {
  readonly requestId: string
  readonly inputs: NamedTensors
  readonly rows: number
  /** Requests with the same key may be stacked. */
  readonly shapeKey: string
  /** It asked for no particular version, so it may be mirrored, and answered by a version on trial. */
  readonly live: boolean
  readonly timeoutMs: number
  readonly signal?: CancelSignal | undefined
  /** See {@link InferenceRequest.header}. */
  readonly header?: InferenceRequest['header']
  /** Queue, batch and run are filled in when they end. */
  readonly times?: StageTimes | undefined
}

/** How an answer came about, where that is not the usual way. */
export interface AnswerOrigin {
  /** Who answered, where that is another version than the one that the request was handed to. */
  readonly servedBy?: ServedBy | undefined
  /** It belongs to a pair. */
  readonly mirrored?: boolean | undefined
}

/** Takes what became of one request: exactly one call. Must not throw. */
export interface BatchReceiver {
  answered(outputs: NamedTensors, origin?: AnswerOrigin): void
  failed(error: PlatformError): void
}

/** What its batcher does about it. */
export interface PendingEvents {
  readonly settled: (pending: PendingRequest) => void
  readonly expired: (pending: PendingRequest) => void
  readonly cancelled: (pending: PendingRequest) => void
  readonly left: (pending: PendingRequest) => void
}

const ONCE = { once: true } as const

/** A request that waits for its answer. Settles exactly once, whatever comes first. */
export class PendingRequest implements Expiring, BatchReceiver {
  readonly request: BatchRequest
  /** Requests with the same key may share a batch: live and explicit ones never do, since only whole batches are mirrored. */
  readonly batchKey: string
  readonly enqueuedAtMs: number
  readonly deadlineAtMs: number
  slot = -1
  /** For the queue: it is in there. */
  isQueued = false
  readonly #receiver: BatchReceiver
  readonly #events: PendingEvents
  #settled = false
  #isAway = false

  constructor(
    request: BatchRequest,
    receiver: BatchReceiver,
    { nowMs, events }: { readonly nowMs: number; readonly events: PendingEvents },
  ) {
    const { signal } = request
    this.request = request
    this.batchKey = request.live ? request.shapeKey : `p${request.shapeKey}`
    this.enqueuedAtMs = nowMs
    this.deadlineAtMs = nowMs + request.timeoutMs
    this.#receiver = receiver
    this.#events = events
    signal?.addEventListener('abort', this, ONCE)
  }

  get rows(): number {
    return this.request.rows
  }

  get inputs(): NamedTensors {
    return this.request.inputs
  }

  /** It has its answer, or nobody waits for one any more. */
  get isSettled(): boolean {
    return this.#settled
  }

  /** Another version answers it. */
  get isAway(): boolean {
    return this.#isAway
  }

  /** Another version answers it from now on; deadline and disconnect stay with its batcher, which holds its version until then. */
  leave(): void {
    this.#isAway = true
    this.#events.left(this)
  }

  /** Its client has gone. */
  handleEvent(): void {
    this.#events.cancelled(this)
  }

  expire(): void {
    this.#events.expired(this)
  }

  settle(answer: PairAnswer, origin?: AnswerOrigin): void {
    if ('error' in answer) this.failed(answer.error)
    else this.answered(answer.outputs, origin)
  }

  answered(outputs: NamedTensors, origin?: AnswerOrigin): void {
    if (this.#finish()) this.#receiver.answered(outputs, origin)
  }

  failed(error: PlatformError): void {
    if (this.#finish()) this.#receiver.failed(error)
  }

  #finish(): boolean {
    if (this.#settled) return false
    this.#settled = true
    this.request.signal?.removeEventListener('abort', this)
    this.#events.settled(this)
    return true
  }
}
