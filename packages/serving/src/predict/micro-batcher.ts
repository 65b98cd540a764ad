import { type Clock, type NamedTensors, PlatformError, toPlatformError, versionName } from '@understudy/core'
import type { BatchMirror, MirroredRun } from '../mirror/batch-mirror.ts'
import type { ServingObserver } from '../observer.ts'
import type { ModelServable, ServableHandle, ServableId } from '../servable.ts'
import { BatchQueue } from './batch-queue.ts'
import { DeadlineWatch } from './deadline-watch.ts'
import { type BatchRequest, PendingRequest } from './pending-request.ts'
import { type FinishedRun, failedRun, runRequests, stackInputs } from './run-requests.ts'

/** Two: while one runs, the next is on its way; more would only queue where nobody can see it. */
const IN_FLIGHT_MAX = 2

export interface MicroBatcherOptions {
  readonly id: ServableId
  readonly servable: ModelServable
  /** Rows of a batch. */
  readonly maxBatchSize: number
  /** How long a batch that is not full waits for more. 0: takes what is already there. */
  readonly maxDelayMs: number
  /** Requests that may wait; those in flight do not count. */
  readonly maxQueue: number
  /** Holds the version while there is work. */
  readonly acquire: () => ServableHandle<unknown>
  readonly mirror: BatchMirror
  readonly clock: Clock
  readonly observer: ServingObserver
}

/**
 * Gives every request the answer that it would get alone, while running together what waits together.
 *
 * One tick is one batch: requests of a tick leave in one `setImmediate`. When a batch returns, the next one leaves before the finished
 * one is answered. A deadline or a disconnect gives up the answer and never stops a run.
 */
export class MicroBatcher {
  readonly #options: MicroBatcherOptions
  readonly #queue: BatchQueue
  readonly #open: DeadlineWatch<PendingRequest>
  readonly #events = {
    settled: (pending: PendingRequest) => this.#settled(pending),
    expired: (pending: PendingRequest) => pending.fail(this.#deadlineExceeded(pending)),
    cancelled: (pending: PendingRequest) => pending.fail(cancelled()),
  }
  readonly #onRevoked = () => this.#revoked()
  #handle: ServableHandle<unknown> | undefined
  #inFlight = 0
  #scheduled = false
  #delayed = false

  constructor(options: MicroBatcherOptions) {
    this.#options = options
    const { servable, maxBatchSize, clock } = options
    this.#queue = new BatchQueue({ maxBatchSize, stackable: servable.batchable })
    this.#open = new DeadlineWatch(clock)
  }

  /** Takes one checked request. Rejects with what {@link Predictor.predict} lists. */
  submit(request: BatchRequest): Promise<NamedTensors> {
    if (request.signal?.aborted) return Promise.reject(cancelled())
    if (this.#queue.size >= this.#options.maxQueue) return Promise.reject(this.#queueFull())
    try {
      this.#hold()
    } catch (error) {
      return Promise.reject(error)
    }
    const pending = new PendingRequest(request, this.#options.clock.monotonicMs(), this.#events)
    this.#queue.push(pending)
    this.#open.add(pending)
    this.#schedule()
    return pending.answer
  }

  /** Stops the timer. The version is drained by then: nothing waits any more. */
  close(): void {
    this.#open.close()
  }

  #schedule(): void {
    if (this.#scheduled || this.#inFlight >= IN_FLIGHT_MAX) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#pump()
    })
  }

  /** Starts every batch that is due: one when nothing runs, a second only when it is full. */
  #pump(): void {
    while (this.#queue.size > 0 && this.#inFlight < IN_FLIGHT_MAX) {
      if (!this.#queue.hasFull() && (this.#inFlight > 0 || this.#isWaitingForMore())) break
      void this.#run(this.#queue.take())
    }
    this.#releaseWhenIdle()
  }

  #isWaitingForMore(): boolean {
    const { maxDelayMs, clock } = this.#options
    if (maxDelayMs === 0) return false
    const waitMs = (this.#queue.oldestAtMs() ?? 0) + maxDelayMs - clock.monotonicMs()
    if (waitMs <= 0) return false
    if (!this.#delayed) {
      this.#delayed = true
      void clock.sleep(waitMs).then(() => {
        this.#delayed = false
        this.#pump()
      })
    }
    return true
  }

  /** Never rejects. */
  async #run(batch: readonly PendingRequest[]): Promise<void> {
    this.#inFlight += 1
    const { clock, observer, id } = this.#options
    const startedAtMs = clock.now()
    const beganMs = clock.monotonicMs()
    const { run, mirrored } = await this.#execute(batch)
    this.#inFlight -= 1
    this.#pump()
    const answers = run.answers()
    for (const [index, pending] of batch.entries()) {
      const answer = answers[index]
      if (answer !== undefined) pending.settle(answer)
    }
    mirrored?.baselineAnswered(answers)
    this.#releaseWhenIdle()
    observer.batchEnded({
      ...{ id, startedAtMs, tookMs: clock.monotonicMs() - beganMs },
      ...{ requests: batch.length, rows: rowsOf(batch), failed: run.failed },
      queuedMs: beganMs - (batch[0]?.enqueuedAtMs ?? beganMs),
      mirrored: mirrored !== undefined,
    })
  }

  async #execute(batch: readonly PendingRequest[]): Promise<ExecutedBatch> {
    let mirrored: MirroredRun | undefined
    try {
      const inputs = stackInputs(batch)
      mirrored = this.#admitToMirror(batch, inputs)
      return { run: await runRequests(this.#options.servable, batch, inputs), mirrored }
    } catch (error) {
      return { run: failedRun(batch, toPlatformError(error)), mirrored }
    }
  }

  #admitToMirror(batch: readonly PendingRequest[], inputs: NamedTensors): MirroredRun | undefined {
    if (!batch.every((pending) => pending.request.live)) return undefined
    return this.#options.mirror.admit({
      id: this.#options.id,
      requests: batch.map(({ request }) => request),
      inputs,
      liveBusy: this.#queue.size * 2 > this.#options.maxQueue,
    })
  }

  #settled(pending: PendingRequest): void {
    this.#open.delete(pending)
    if (this.#queue.remove(pending)) this.#releaseWhenIdle()
  }

  /** One handle for as long as there is work: what has been accepted keeps its version, also when that is being unloaded. */
  #hold(): void {
    if (this.#handle !== undefined) return
    this.#handle = this.#options.acquire()
    this.#handle.revoked.addEventListener('abort', this.#onRevoked, { once: true })
  }

  #releaseWhenIdle(): void {
    if (this.#queue.size > 0 || this.#inFlight > 0) return
    this.#handle?.revoked.removeEventListener('abort', this.#onRevoked)
    this.#handle?.release()
    this.#handle = undefined
  }

  /** The version is taken away under its requests. */
  #revoked(): void {
    const error = this.#handle?.revoked.reason
    for (const pending of [...this.#open.entries]) pending.fail(error)
  }

  #queueFull(): PlatformError {
    const { id, maxQueue } = this.#options
    const name = versionName(id.name, id.version)
    return new PlatformError('serving.queue_full', `${name} has ${maxQueue} requests waiting, its limit.`)
  }

  #deadlineExceeded({ request }: PendingRequest): PlatformError {
    const name = versionName(this.#options.id.name, this.#options.id.version)
    return new PlatformError(
      'serving.deadline_exceeded',
      `${name} did not answer within ${request.timeoutMs} ms, queueing included.`,
    )
  }
}

interface ExecutedBatch {
  readonly run: FinishedRun
  readonly mirrored: MirroredRun | undefined
}

function rowsOf(batch: readonly PendingRequest[]): number {
  return batch.reduce((sum, pending) => sum + pending.rows, 0)
}

function cancelled(): PlatformError {
  return new PlatformError('serving.cancelled', 'The client went away before its answer.')
}
