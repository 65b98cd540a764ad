import { type Clock, type NamedTensors, PlatformError, toPlatformError, versionName } from '@understudy/core'
import type { BatchMirror, MirroredRun } from '../mirror/batch-mirror.ts'
import type { PairAnswer } from '../mirror-sink.ts'
import type { ServingObserver } from '../observer.ts'
import type { ModelServable, ServableHandle, ServableId } from '../servable.ts'
import { BatchQueue } from './batch-queue.ts'
import { fillTimes } from './batch-times.ts'
import { Crowd } from './crowd.ts'
import { DeadlineWatch } from './deadline-watch.ts'
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
  readonly mirror: BatchMirror
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
 * one is answered. Of a crowd that asks a quick model, one half is a batch ({@link Crowd}). A deadline or a disconnect gives up the answer and never stops a run. A run under which the executor ended leaves its
 * place at once; its requests are run alone beside the traffic.
 */
export class MicroBatcher {
  readonly #options: MicroBatcherOptions
  readonly #queue: BatchQueue
  readonly #open: DeadlineWatch<PendingRequest>
  readonly #crowd = new Crowd()
  readonly #events = {
    settled: (pending: PendingRequest) => this.#settled(pending),
    expired: (pending: PendingRequest) => pending.fail(this.#deadlineExceeded(pending)),
    cancelled: (pending: PendingRequest) => pending.fail(cancelled()),
  }
  #handle: ServableHandle<unknown> | undefined
  #watched: AbortSignal | undefined
  #inFlight = 0
  #isolating = 0
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
    if (this.#queue.size >= this.#options.maxQueue) return this.#queueFull()
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
      const batch = this.#takeBatch()
      if (batch.length > 0) void this.#run(batch)
    }
    this.#releaseWhenIdle()
  }

  /** Without those whose time is over, or whose input was refused while they waited. */
  #takeBatch(): readonly PendingRequest[] {
    const batch = this.#withinDeadline(this.#queue.take())
    const { suspects } = this.#options
    const sinceMs = suspects.refusedSinceMs
    if (sinceMs === Number.NEGATIVE_INFINITY) return batch
    return batch.filter((pending) => {
      const refusal = pending.enqueuedAtMs <= sinceMs ? suspects.refusal(pending.inputs) : undefined
      if (refusal !== undefined) pending.fail(refusal)
      return refusal === undefined
    })
  }

  /** The timer may be late when the loop is busy: nobody waits for those any more, so they are not run. */
  #withinDeadline(batch: readonly PendingRequest[]): readonly PendingRequest[] {
    const nowMs = this.#options.clock.monotonicMs()
    if (batch.every(({ deadlineAtMs }) => deadlineAtMs > nowMs)) return batch
    return batch.filter((pending) => {
      if (pending.deadlineAtMs > nowMs) return true
      pending.expire()
      return false
    })
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

  /** Never rejects. */
  async #run(batch: readonly PendingRequest[]): Promise<void> {
    this.#inFlight += 1
    const { clock, observer, id } = this.#options
    const startedAtMs = clock.now()
    const beganMs = clock.monotonicMs()
    const { run, mirrored } = await this.#execute(batch)
    this.#inFlight -= 1
    this.#crowd.returned({ open: this.#open.size, requests: batch.length, runMs: run.runTimeMs })
    if (this.#mayGrow()) this.#schedule()
    else this.#pump()
    const batchMs = clock.monotonicMs() - beganMs
    fillTimes(batch, { beganMs, batchMs, runMs: run.runTimeMs })
    const answers = run.answers()
    const { suspects } = this.#options
    const isolates = run.failed > 0 && answers.some((answer) => suspects.isSuspect(answer))
    for (let index = 0; index < batch.length; index += 1) {
      const answer = answers[index]
      if (answer !== undefined && !(isolates && suspects.isSuspect(answer))) batch[index]?.settle(answer)
    }
    if (isolates) void this.#isolate(batch, answers, mirrored)
    else mirrored?.baselineAnswered(answers)
    this.#releaseWhenIdle()
    observer.batchEnded({
      id,
      startedAtMs,
      tookMs: batchMs,
      requests: batch.length,
      rows: rowsOf(batch),
      failed: run.failed,
      queuedMs: beganMs - (batch[0]?.enqueuedAtMs ?? beganMs),
      mirrored: mirrored !== undefined,
    })
  }

  /** Holds the version, but no place among the runs in flight. Never rejects. */
  async #isolate(
    batch: readonly PendingRequest[],
    answers: readonly PairAnswer[],
    mirrored: MirroredRun | undefined,
  ): Promise<void> {
    this.#isolating += 1
    const settle = (index: number, answer: PairAnswer) => batch[index]?.settle(answer)
    const final = await this.#options.suspects.isolate(batch, answers, settle)
    for (const [index, answer] of final.entries()) settle(index, answer)
    mirrored?.baselineAnswered(final)
    this.#isolating -= 1
    this.#releaseWhenIdle()
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
    const { revoked } = this.#handle
    // All handles of a version share one signal: listening again with each batch would cost more than the rest of the batch.
    if (this.#watched === revoked) return
    this.#watched = revoked
    revoked.addEventListener('abort', () => this.#revoked(revoked), { once: true })
  }

  #releaseWhenIdle(): void {
    if (this.#queue.size > 0 || this.#inFlight > 0 || this.#isolating > 0) return
    this.#handle?.release()
    this.#handle = undefined
  }

  /** The version is taken away under its requests. */
  #revoked({ reason }: AbortSignal): void {
    for (const pending of this.#open.open()) pending.fail(reason)
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
