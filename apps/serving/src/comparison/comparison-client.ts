import { type Clock, PlatformError } from '@understudy/core'
import { SupervisedWorker } from '../worker-threads/supervised-worker.ts'
import type { ComparisonReply, ComparisonRequest } from './comparison-protocol.ts'
import type { ComparisonRun, PairFinding } from './comparison-run.ts'
import { unpackFindings } from './packed-findings.ts'
import { packRuns, runSizeBytes } from './packed-runs.ts'

export interface ComparisonClientOptions {
  /** The bundled entry of the worker. */
  readonly workerPath: string | URL
  /** Runs that may wait for the worker. @defaultValue 10000 */
  readonly inFlightRunsMax?: number
  /** Bytes of tensors that may wait for the worker. @defaultValue 256 MiB */
  readonly inFlightBytesMax?: number
  /** Runs are collected for so long before they cross over together. @defaultValue 5 ms */
  readonly collectMs?: number
  /** A message that takes longer ends the worker. @defaultValue 30 s */
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
  inFlightRunsMax: 10_000,
  inFlightBytesMax: 256 * 1024 * 1024,
  collectMs: 5,
  runTimeoutMs: 30_000,
  heapMebibytesMax: 512,
  restartDelayMs: 1_000,
}

/** So much is copied in a millisecond: more goes in several messages. */
const MESSAGE_BYTES_MAX = 2 * 1024 * 1024
const MESSAGE_RUNS_MAX = 512

interface WaitingRun {
  readonly run: ComparisonRun
  readonly sizeBytes: number
  resolve(findings: readonly PairFinding[]): void
  reject(error: unknown): void
}

/**
 * Compares outputs off the front's loop, in a worker thread. Runs that come within a few milliseconds cross over in one message: what a
 * message costs the loop is paid once for all of them.
 *
 * A run is answered or rejected, never forgotten: when the worker ends, everything that waits is rejected and the next run
 * starts a new one. What waits is bounded; beyond that runs are rejected at once.
 */
export class ComparisonClient {
  readonly #options: Required<Pick<ComparisonClientOptions, keyof typeof DEFAULTS>>
  readonly #worker: SupervisedWorker<ComparisonRequest, ComparisonReply>
  readonly #onFault: (error: PlatformError) => void
  #collected: WaitingRun[] = []
  #collectedBytes = 0
  #timer: NodeJS.Timeout | undefined
  #runs = 0
  #bytes = 0

  constructor(options: ComparisonClientOptions) {
    const { runTimeoutMs, heapMebibytesMax, restartDelayMs, ...rest } = { ...DEFAULTS, ...options }
    this.#options = { ...rest, runTimeoutMs, heapMebibytesMax, restartDelayMs }
    this.#onFault = options.onFault
    this.#worker = new SupervisedWorker({
      ...{ name: 'comparison', subject: 'The comparison worker', workerPath: options.workerPath },
      ...{ taskTimeoutMs: runTimeoutMs, heapMebibytesMax, restartDelayMs },
      ...{ onFault: options.onFault, clock: options.clock },
    })
  }

  /** Runs that wait for the worker. */
  get inFlight(): number {
    return this.#runs
  }

  /**
   * Findings in any order; a pair that could not be compared has none.
   *
   * @throws PlatformError `serving.queue_full`, `serving.executor_lost`, `serving.draining`
   */
  async compare(run: ComparisonRun): Promise<readonly PairFinding[]> {
    this.#worker.admit()
    const { inFlightRunsMax, inFlightBytesMax } = this.#options
    if (this.#runs >= inFlightRunsMax || this.#bytes >= inFlightBytesMax) {
      throw new PlatformError('serving.queue_full', 'The comparison worker has as much to do as it may.')
    }
    const sizeBytes = runSizeBytes(run)
    this.#runs += 1
    this.#bytes += sizeBytes
    try {
      return await new Promise((resolve, reject) => this.#collect({ run, sizeBytes, resolve, reject }))
    } finally {
      this.#runs -= 1
      this.#bytes -= sizeBytes
    }
  }

  /** Ends the worker; what waits is rejected. Idempotent. */
  async close(): Promise<void> {
    await this.#worker.close()
    this.#send()
  }

  #collect(waiting: WaitingRun): void {
    this.#collected.push(waiting)
    this.#collectedBytes += waiting.sizeBytes
    if (this.#collected.length >= MESSAGE_RUNS_MAX || this.#collectedBytes >= MESSAGE_BYTES_MAX) this.#send()
    else this.#timer ??= setTimeout(() => this.#send(), this.#options.collectMs)
  }

  #send(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const runs = this.#collected
    if (runs.length === 0) return
    this.#collected = []
    this.#collectedBytes = 0
    void this.#compareAll(runs)
  }

  /** Never rejects: every run has its own end. */
  async #compareAll(waiting: readonly WaitingRun[]): Promise<void> {
    try {
      this.#worker.admit()
      const runs = packRuns(waiting.map(({ run }) => run))
      const { findings, failure } = await this.#worker.run({ runs }, { transfer: [runs.bytes] })
      if (failure !== null) {
        this.#onFault(new PlatformError('platform.unexpected', `A pair could not be compared: ${failure}`))
      }
      const found = unpackFindings(findings)
      for (const [index, { resolve }] of waiting.entries()) resolve(found[index] ?? [])
    } catch (error) {
      for (const { reject } of waiting) reject(error)
    }
  }
}
