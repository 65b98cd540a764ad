import { type Clock, type PlatformError, toPlatformError } from '@understudy/core'
import type { PairAnswer } from '../mirror-sink.ts'
import type { ServingObserver } from '../observer.ts'
import type { ModelServable, ServableHandle, ServableId } from '../servable.ts'
import { BatchQueue } from './batch-queue.ts'
import type { BatchRouter, RoutedBatch } from './batch-router.ts'
import { fillTimes } from './batch-times.ts'
import { cancelled, deadlineExceeded, queueFull } from './batcher-errors.ts'
import { Crowd } from './crowd.ts'
import { DeadlineWatch } from './deadline-watch.ts'
import { dueRequests } from './due-requests.ts'
import { type BatchReceiver, type BatchRequest, PendingRequest } from './pending-request.ts'
import { type FinishedRun, failedRun, runRequests, stackInputs } from './run-requests.ts'
import type { SuspectIsolation } from './suspect/suspect-isolation.ts'

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
  /** Asked before each batch of live requests. */
  readonly router: BatchRouter
  /** Refuses inputs that are known to end the process, and finds them out. */
  readonly suspects: SuspectIsolation
  readonly clock: Clock
  readonly observer: ServingObserver
}

/** How many requests a version has at this moment. */
export interface RequestLoad {
  readonly queued: number
  readonly inFlight: number
}

/**
 * Gives every request the answer that it would get alone, while running together what waits together.
 *
 * One tick is one batch: requests of a tick leave in one `setImmediate`. When a batch returns, the next one leaves before the finished
 * one is answered. Of a crowd that asks a quick model, one half is a batch ({@link Crowd}). A deadline or a disconnect gives up the answer
 * and never stops a run. A run under which the executor ended leaves its place at once; its requests are run alone beside the traffic. A
 * request that another version answers stays here until it is answered.
 */
export class MicroBatcher {
  readonly #options: MicroBatcherOptions
  readonly #queue: BatchQueue
  readonly #open: DeadlineWatch<PendingRequest>
  readonly #crowd = new Crowd()
  readonly #events = {
    settled: (pending: PendingRequest) => this.#settled(pending),
    expired: (pending: PendingRequest) =>
      pending.failed(deadlineExceeded(this.#options.id, pending.request.timeoutMs)),
    cancelled: (pending: PendingRequest) => pending.failed(cancelled()),
    left: () => {
      this.#away += 1
    },
  }
  #handle: ServableHandle<unknown> | undefined
  #watched: AbortSignal | undefined
  #inFlight = 0
  #isolating = 0
  /** Requests that another version answers. */
  #away = 0
  #scheduled = false
  #delayed = false

  constructor(options: MicroBatcherOptions) {
    this.#options = options
    const { servable, maxBatchSize, clock } = options
    this.#queue = new BatchQueue({ maxBatchSize, stackable: servable.batchable })
    this.#open = new DeadlineWatch(clock)
  }

  /** Takes one checked request; the receiver gets its answer or what {@link Predictor.predict} lists. Never throws. */
  submit(request: BatchRequest, receiver: BatchReceiver): void {
    const refusal = this.#refusal(request)
    if (refusal !== undefined) {
      receiver.failed(refusal)
      return
    }
    try {
      this.#hold()
    } catch (error) {
      receiver.failed(toPlatformError(error))
      return
    }
    const nowMs = this.#options.clock.monotonicMs()
    const pending = new PendingRequest(request, receiver, { nowMs, events: this.#events })
    this.#queue.push(pending)
    this.#open.add(pending)
    if (this.#inFlight === 0 && this.#crowd.isHalf(this.#queue.size)) this.#pump()
    else this.#schedule()
  }

  /** Requests that wait, and those that have left in a batch and are not answered. */
  get load(): RequestLoad {
    const queued = this.#queue.size
    return { queued, inFlight: this.#open.size - queued }
  }

  /** Stops the timer. The version is drained by then: nothing waits any more. */
  close(): void {
    this.#open.close()
  }

  #refusal({ signal, inputs }: BatchRequest): PlatformError | undefined {
    if (signal?.aborted) return cancelled()
    if (this.#queue.size >= this.#options.maxQueue) return queueFull(this.#options.id, this.#options.maxQueue)
    return this.#options.suspects.refusal(inputs)
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
      const batch = dueRequests(this.#queue.take(), this.#options)
      const routed = this.#route(batch)
      const requests = routed?.requests ?? batch
      if (requests.length > 0) void this.#run(requests, routed)
    }
    this.#releaseWhenIdle()
  }

  /** What waits is worth more when the requests of a batch that came back have been answered. */
  #mayGrow(): boolean {
    return this.#crowd.isGrowing(this.#queue.size) && !this.#queue.hasFull()
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

  #route(batch: readonly PendingRequest[]): RoutedBatch | undefined {
    const [oldest] = batch
    if (oldest === undefined || !oldest.request.live) return undefined
    const { router, id, maxQueue, clock } = this.#options
    return router.route({
      id,
      requests: batch,
      load: {
        queued: this.#queue.size,
        queueMax: maxQueue,
        inFlight: this.#inFlight,
        waitedMs: clock.monotonicMs() - oldest.enqueuedAtMs,
      },
      resubmit: (request, receiver) => this.submit(request, receiver),
    })
  }

  /** Never rejects. */
  async #run(batch: readonly PendingRequest[], routed: RoutedBatch | undefined): Promise<void> {
    this.#inFlight += 1
    const { clock, observer, id, suspects } = this.#options
    const startedAtMs = clock.now()
    const beganMs = clock.monotonicMs()
    const run = await this.#execute(batch, routed)
    this.#inFlight -= 1
    this.#crowd.returned({ open: this.#open.size, requests: batch.length, runMs: run.runTimeMs })
    if (this.#mayGrow()) this.#schedule()
    else this.#pump()
    const batchMs = clock.monotonicMs() - beganMs
    const mirrored = routed?.mirrored ?? false
    fillTimes(batch, { beganMs, batchMs, runMs: run.runTimeMs })
    const answers = run.answers()
    const isolates = run.failed > 0 && answers.some((answer) => suspects.isSuspect(answer))
    for (let index = 0; index < batch.length; index += 1) {
      const answer = answers[index]
      if (answer !== undefined && !(isolates && suspects.isSuspect(answer))) {
        settle(batch[index], answer, mirrored)
      }
    }
    if (isolates) void this.#isolate(batch, { answers, routed })
    else routed?.answered(answers, run.runTimeMs)
    this.#releaseWhenIdle()
    observer.batchEnded({
      id,
      startedAtMs,
      tookMs: batchMs,
      requests: batch.length,
      rows: rowsOf(batch),
      failed: run.failed,
      queuedMs: beganMs - (batch[0]?.enqueuedAtMs ?? beganMs),
      mirrored,
    })
  }

  /** Holds the version, but no place among the runs in flight. Never rejects. */
  async #isolate(batch: readonly PendingRequest[], { answers, routed }: SuspectRun): Promise<void> {
    this.#isolating += 1
    const mirrored = routed?.mirrored ?? false
    const final = await this.#options.suspects.isolate(batch, answers, (index, answer) =>
      settle(batch[index], answer, mirrored),
    )
    for (const [index, answer] of final.entries()) settle(batch[index], answer, mirrored)
    // What was found out alone says nothing of the run, which was ended.
    routed?.answered(final, Number.POSITIVE_INFINITY)
    this.#isolating -= 1
    this.#releaseWhenIdle()
  }

  async #execute(batch: readonly PendingRequest[], routed: RoutedBatch | undefined): Promise<FinishedRun> {
    try {
      const inputs = stackInputs(batch)
      const run = runRequests(this.#options.servable, batch, inputs)
      routed?.began(inputs)
      return await run
    } catch (error) {
      return failedRun(batch, toPlatformError(error))
    }
  }

  #settled(pending: PendingRequest): void {
    this.#open.delete(pending)
    if (pending.isAway) this.#away -= 1
    if (this.#queue.remove(pending) || pending.isAway) this.#releaseWhenIdle()
  }

  /** One handle for as long as there is work: what has been accepted keeps its version, also when that is being unloaded. */
  #hold(): void {
    if (this.#handle !== undefined) return
    this.#handle = this.#options.acquire()
    const { revoked } = this.#handle
    // All handles of a version share one signal: listening again with each batch would cost more than the rest of the batch.
    if (this.#watched === revoked) return
    this.#watched = revoked
    revoked.addEventListener('abort', () => this.#revoked(revoked), { once: true })
  }

  #releaseWhenIdle(): void {
    if (this.#queue.size > 0 || this.#inFlight > 0 || this.#isolating > 0 || this.#away > 0) return
    this.#handle?.release()
    this.#handle = undefined
  }

  /** The version is taken away under its requests. */
  #revoked({ reason }: AbortSignal): void {
    for (const pending of this.#open.open()) pending.failed(reason)
  }
}

interface SuspectRun {
  readonly answers: readonly PairAnswer[]
  readonly routed: RoutedBatch | undefined
}

const MIRRORED = { mirrored: true }

/** What is away gets its answer from the router. */
function settle(pending: PendingRequest | undefined, answer: PairAnswer, mirrored: boolean): void {
  if (pending?.isAway === false) pending.settle(answer, mirrored ? MIRRORED : undefined)
}

function rowsOf(batch: readonly PendingRequest[]): number {
  return batch.reduce((sum, pending) => sum + pending.rows, 0)
}
