import type { NamedTensors, PlannedVersion } from '@understudy/core'
import { type ComparedRun, ComparisonExecutor, type ExecutorPool, planComparison } from '@understudy/onnx'
import type { PlannedSeries } from '../node/mirrored-series.ts'
import type { VersionLease, VersionStore } from '../versions/version-store.ts'
import type { ApartRun } from './decide-apart.ts'
import type { PairRunner } from './latency-pairs.ts'

export interface ApartExecutorOptions {
  readonly versions: Pick<VersionStore, 'acquire'>
  readonly pool: Pick<ExecutorPool, 'open'>
  /** For both versions together. */
  readonly memoryLimitBytes: number
  /** @defaultValue 120000 */
  readonly loadLimitMs?: number
}

const LOAD_LIMIT_MS = 120_000

interface Opened {
  readonly executor: ComparisonExecutor
  readonly leases: readonly VersionLease[]
}

/** Both versions of one series in an executor of their own, from this node's disk. Begins to open at once. */
export class ApartExecutor implements PairRunner {
  readonly #options: ApartExecutorOptions
  readonly #closing = new AbortController()
  readonly #opened: Promise<Opened>

  constructor(series: PlannedSeries, options: ApartExecutorOptions) {
    this.#options = options
    this.#opened = this.#open(series)
    // Told to whoever asks.
    this.#opened.catch(() => undefined)
  }

  /** @throws PlatformError `serving.insufficient_memory`, `serving.cancelled`, and the codes of an ingest and of a load */
  async opened(): Promise<void> {
    await this.#opened
  }

  async compare(
    inputs: NamedTensors,
    { gate, first }: ApartRun,
  ): Promise<{ readonly baseline: ComparedRun; readonly candidate: ComparedRun }> {
    const { executor } = await this.#opened
    const { baseline, opponent } = await executor.compare(inputs, {
      opponent: gate === 'calibration' ? 'baseline' : 'candidate',
      first: first === 'baseline' ? 'baseline' : 'opponent',
    })
    return { baseline, candidate: opponent }
  }

  /** Ends the executor; what runs in it is lost. Never rejects. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    const opened = await this.#opened.catch(() => undefined)
    await opened?.executor.close()
    for (const lease of opened?.leases ?? []) lease.release()
  }

  async #open({ baseline, candidate }: PlannedSeries): Promise<Opened> {
    const leases: VersionLease[] = []
    let executor: ComparisonExecutor | undefined
    const onClosing = () => void executor?.close()
    try {
      executor = await this.#create([baseline, candidate], leases)
      this.#closing.signal.addEventListener('abort', onClosing, { once: true })
      await executor.open()
      return { executor, leases }
    } catch (error) {
      await executor?.close()
      for (const lease of leases) lease.release()
      throw error
    } finally {
      this.#closing.signal.removeEventListener('abort', onClosing)
    }
  }

  async #create(
    [baseline, candidate]: readonly [PlannedVersion, PlannedVersion],
    leases: VersionLease[],
  ): Promise<ComparisonExecutor> {
    const { versions, pool, memoryLimitBytes, loadLimitMs = LOAD_LIMIT_MS } = this.#options
    const take = async (planned: PlannedVersion) => {
      const lease = await versions.acquire(planned, this.#closing.signal)
      leases.push(lease)
      return { planned, ingested: lease.ingested }
    }
    const plan = planComparison(await take(baseline), await take(candidate), memoryLimitBytes)
    return new ComparisonExecutor({ ...plan, loadLimitMs, open: (signal) => pool.open(signal) })
  }
}
