import { Worker } from 'node:worker_threads'
import { type Clock, PlatformError, systemClock } from '@understudy/core'
import type { PairComparison } from '@understudy/rollout'
import type { ComparisonReply, ComparisonRequest, ComparisonRun } from './comparison-protocol.ts'
import { detachRun } from './detached-run.ts'

export interface ComparisonClientOptions {
  /** The bundled entry of the worker. */
  readonly workerPath: string | URL
  /** Runs that may wait for the worker. @defaultValue 1000 */
  readonly inFlightRunsMax?: number
  /** Bytes of tensors that may wait for the worker. @defaultValue 256 MiB */
  readonly inFlightBytesMax?: number
  /** A run that takes longer ends the worker. @defaultValue 30 s */
  readonly runTimeoutMs?: number
  /** Heap of the worker; beyond it the worker ends, never the process. @defaultValue 512 */
  readonly heapMebibytesMax?: number
  /** A worker that ended is not started again sooner. @defaultValue 1 s */
  readonly restartDelayMs?: number
  /** Told of every worker that ended by itself and every pair that could not be compared. */
  readonly onFault: (error: PlatformError) => void
  readonly clock?: Clock
}

interface PendingRun {
  readonly sizeBytes: number
  readonly timer: NodeJS.Timeout
  resolve(comparisons: readonly PairComparison[]): void
  reject(error: PlatformError): void
}

const DEFAULTS = {
  inFlightRunsMax: 1_000,
  inFlightBytesMax: 256 * 1024 * 1024,
  runTimeoutMs: 30_000,
  heapMebibytesMax: 512,
  restartDelayMs: 1_000,
}

/**
 * Compares outputs off the front's loop, in a worker thread.
 *
 * A run is answered or rejected, never forgotten: when the worker ends, everything that waits is rejected and the next run
 * starts a new one. What waits is bounded; beyond that runs are rejected at once.
 */
export class ComparisonClient {
  readonly #options: ComparisonClientOptions & typeof DEFAULTS
  readonly #clock: Clock
  readonly #pending = new Map<number, PendingRun>()
  #worker: Worker | undefined
  #notBeforeMs = Number.NEGATIVE_INFINITY
  #nextId = 1
  #waitingBytes = 0
  #closed = false

  constructor(options: ComparisonClientOptions) {
    this.#options = { ...DEFAULTS, ...options }
    this.#clock = options.clock ?? systemClock
  }

  /** Runs that wait for the worker. */
  get inFlight(): number {
    return this.#pending.size
  }

  /**
   * Results in any order; a pair that could not be compared has none.
   *
   * @throws PlatformError `serving.queue_full`, `serving.executor_lost`, `serving.draining`
   */
  async compare(run: ComparisonRun): Promise<readonly PairComparison[]> {
    const { inFlightRunsMax, inFlightBytesMax } = this.#options
    if (this.#pending.size >= inFlightRunsMax || this.#waitingBytes >= inFlightBytesMax) {
      throw new PlatformError('serving.queue_full', 'The comparison worker has as much to do as it may.')
    }
    const worker = this.#ready()
    const { run: own, transfer, sizeBytes } = detachRun(run)
    const request: ComparisonRequest = { id: this.#nextId, run: own }
    this.#nextId += 1
    return new Promise((resolve, reject) => {
      worker.postMessage(request, transfer)
      const timer = setTimeout(
        () => this.#ended(worker, 'took too long over one run'),
        this.#options.runTimeoutMs,
      )
      this.#pending.set(request.id, { sizeBytes, timer, resolve, reject })
      this.#waitingBytes += sizeBytes
    })
  }

  /** Ends the worker; what waits is rejected. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true
    this.#rejectAll(new PlatformError('serving.draining', 'The node is stopping.'))
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  #ready(): Worker {
    if (this.#closed) throw new PlatformError('serving.draining', 'The node is stopping.')
    if (this.#worker !== undefined) return this.#worker
    if (this.#clock.monotonicMs() < this.#notBeforeMs) {
      throw new PlatformError('serving.executor_lost', 'The comparison worker ended and is not back yet.')
    }
    const worker = new Worker(this.#options.workerPath, {
      name: 'comparison',
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: this.#options.heapMebibytesMax },
    })
    worker.on('message', (reply: ComparisonReply) => this.#answered(reply))
    worker.on('error', (error) => this.#ended(worker, error.message))
    worker.on('exit', (code) => this.#ended(worker, `exit code ${code}`))
    this.#worker = worker
    return worker
  }

  #answered({ id, comparisons, failure }: ComparisonReply): void {
    const pending = this.#take(id)
    if (failure !== null) {
      this.#options.onFault(
        new PlatformError('platform.unexpected', `A pair could not be compared: ${failure}`),
      )
    }
    pending?.resolve(comparisons)
  }

  #take(id: number): PendingRun | undefined {
    const pending = this.#pending.get(id)
    if (pending === undefined) return undefined
    this.#pending.delete(id)
    this.#waitingBytes -= pending.sizeBytes
    clearTimeout(pending.timer)
    return pending
  }

  #ended(worker: Worker, reason: string): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    this.#notBeforeMs = this.#clock.monotonicMs() + this.#options.restartDelayMs
    const error = new PlatformError('serving.executor_lost', `The comparison worker ended: ${reason}.`)
    this.#rejectAll(error)
    this.#options.onFault(error)
    worker.terminate().catch(() => undefined)
  }

  #rejectAll(error: PlatformError): void {
    for (const id of [...this.#pending.keys()]) this.#take(id)?.reject(error)
  }
}
