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

/** A request that waits for its answer. Settles exactly once, whatever comes first. */
export class PendingRequest implements Expiring {
  readonly request: BatchRequest
  /** Requests with the same key may share a batch: live and explicit ones never do, since only whole batches are mirrored. */
  readonly batchKey: string
  readonly enqueuedAtMs: number
  readonly deadlineAtMs: number
  readonly answer: Promise<NamedTensors>
  slot = -1
  readonly #onSettled: (pending: PendingRequest) => void
  readonly #onExpired: (pending: PendingRequest) => void
  readonly #onAbort: () => void
  #resolve: (outputs: NamedTensors) => void = () => {}
  #reject: (error: unknown) => void = () => {}
  #settled = false

  constructor(
    request: BatchRequest,
    nowMs: number,
    events: {
      readonly settled: (pending: PendingRequest) => void
      readonly expired: (pending: PendingRequest) => void
      readonly cancelled: (pending: PendingRequest) => void
    },
  ) {
    this.request = request
    this.batchKey = request.live ? request.shapeKey : `p${request.shapeKey}`
    this.enqueuedAtMs = nowMs
    this.deadlineAtMs = nowMs + request.timeoutMs
    this.#onSettled = events.settled
    this.#onExpired = events.expired
    this.#onAbort = () => events.cancelled(this)
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    request.signal?.addEventListener('abort', this.#onAbort, { once: true })
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
    this.#onExpired(this)
  }

  settle(answer: PairAnswer): void {
    if ('error' in answer) this.fail(answer.error)
    else if (this.#finish()) this.#resolve(answer.outputs)
  }

  fail(error: PlatformError): void {
    if (this.#finish()) this.#reject(error)
  }

  #finish(): boolean {
    if (this.#settled) return false
    this.#settled = true
    this.request.signal?.removeEventListener('abort', this.#onAbort)
    this.#onSettled(this)
    return true
  }
}
