import type { CancelSignal, NamedTensors, PlatformError, StageTimes } from '@understudy/core'
import type { PairAnswer } from '../mirror-sink.ts'
import type { Expiring } from './deadline-watch.ts'

/** One request as the batcher takes it: checked, and with its budget. */
export interface BatchRequest {
  readonly requestId: string
  readonly inputs: NamedTensors
  readonly rows: number
  /** Requests with the same key may be stacked. */
  readonly shapeKey: string
  /** It asked for no particular version, so it may be mirrored. */
  readonly live: boolean
  readonly timeoutMs: number
  readonly signal?: CancelSignal | undefined
  /** Queue, batch and run are filled in when they end. */
  readonly times?: StageTimes | undefined
}

/** Takes what became of one request: exactly one call. Must not throw. */
export interface BatchReceiver {
  answered(outputs: NamedTensors): void
  failed(error: PlatformError): void
}

/** What its batcher does about it. */
export interface PendingEvents {
  readonly settled: (pending: PendingRequest) => void
  readonly expired: (pending: PendingRequest) => void
  readonly cancelled: (pending: PendingRequest) => void
}

/** A request that waits for its answer. Settles exactly once, whatever comes first. */
export class PendingRequest implements Expiring {
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
  readonly #onAbort: (() => void) | undefined
  #settled = false

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
    this.#onAbort = signal === undefined ? undefined : () => events.cancelled(this)
    if (this.#onAbort !== undefined) signal?.addEventListener('abort', this.#onAbort, { once: true })
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

  expire(): void {
    this.#events.expired(this)
  }

  settle(answer: PairAnswer): void {
    if ('error' in answer) this.fail(answer.error)
    else if (this.#finish()) this.#receiver.answered(answer.outputs)
  }

  fail(error: PlatformError): void {
    if (this.#finish()) this.#receiver.failed(error)
  }

  #finish(): boolean {
    if (this.#settled) return false
    this.#settled = true
    if (this.#onAbort !== undefined) this.request.signal?.removeEventListener('abort', this.#onAbort)
    this.#events.settled(this)
    return true
  }
}
