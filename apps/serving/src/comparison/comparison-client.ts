import { type Clock, PlatformError } from '@understudy/core'
import type { PairComparison } from '@understudy/rollout'
import { SupervisedWorker } from '../worker-threads/supervised-worker.ts'
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
  /** A worker that ended is not started again sooner; after several losses, later. @defaultValue 1 s */
  readonly restartDelayMs?: number
  /** Told of every worker that ended by itself and every pair that could not be compared. */
  readonly onFault: (error: PlatformError) => void
  readonly clock?: Clock
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
  readonly #worker: SupervisedWorker<ComparisonRequest, ComparisonReply>
  readonly #onFault: (error: PlatformError) => void

  constructor(options: ComparisonClientOptions) {
    const { inFlightRunsMax, inFlightBytesMax, runTimeoutMs, ...rest } = { ...DEFAULTS, ...options }
    this.#onFault = options.onFault
    this.#worker = new SupervisedWorker({
      ...{ name: 'comparison', subject: 'The comparison worker' },
      ...{ waitingMax: inFlightRunsMax, waitingBytesMax: inFlightBytesMax, taskTimeoutMs: runTimeoutMs },
      ...rest,
    })
  }

  /** Runs that wait for the worker. */
  get inFlight(): number {
    return this.#worker.inFlight
  }

  /**
   * Results in any order; a pair that could not be compared has none.
   *
   * @throws PlatformError `serving.queue_full`, `serving.executor_lost`, `serving.draining`
   */
  async compare(run: ComparisonRun): Promise<readonly PairComparison[]> {
    this.#worker.admit()
    const { run: own, ...enclosure } = detachRun(run)
    const { comparisons, failure } = await this.#worker.run({ run: own }, enclosure)
    if (failure !== null) {
      this.#onFault(new PlatformError('platform.unexpected', `A pair could not be compared: ${failure}`))
    }
    return comparisons
  }

  /** Ends the worker; what waits is rejected. Idempotent. */
  close(): Promise<void> {
    return this.#worker.close()
  }
}
