import { type Clock, type NamedTensors, type PlannedVersion, PlatformError } from '@understudy/core'
import { type ComparedRun, ComparisonExecutor, type ExecutorPool, planComparison } from '@understudy/onnx'
import type { LentMemory, Tenant } from '@understudy/serving'
import type { PlannedSeries } from '../node/mirrored-series.ts'
import type { VersionLease, VersionStore } from '../versions/version-store.ts'
import type { ApartRun } from './decide-apart.ts'
import type { PairRunner } from './latency-pairs.ts'

export interface ApartExecutorOptions {
  readonly versions: Pick<VersionStore, 'acquire'>
  readonly pool: Pick<ExecutorPool, 'open'>
  /** Lends what both versions need. */
  readonly memory: LentMemory
  /** For both versions together, also where more is free. */
  readonly memoryLimitBytes: number
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** @defaultValue 120000 */
  readonly loadLimitMs?: number
}

const LOAD_LIMIT_MS = 120_000

interface Opened {
  readonly executor: ComparisonExecutor
  readonly leases: readonly VersionLease[]
}

/**
 * Both versions of one series in an executor of their own, from this node's disk, in memory that no version needs. Begins to open at once;
 * leaves between two pairs when a version needs the memory.
 */
export class ApartExecutor implements PairRunner, Tenant {
  readonly left: Promise<PlatformError>
  readonly #options: ApartExecutorOptions
  readonly #series: PlannedSeries
  readonly #closing = new AbortController()
  readonly #opened: Promise<Opened>
  #tellLeft: (reason: PlatformError) => void = () => {}
  #underWay = 1
  #idleSinceMs = 0

  constructor(series: PlannedSeries, options: ApartExecutorOptions) {
    this.#series = series
    this.#options = options
    this.left = new Promise((resolve) => {
      this.#tellLeft = resolve
    })
    this.#opened = this.#open()
    // Told to whoever asks.
    this.#opened.catch(() => undefined).finally(() => this.#ended())
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
    this.#underWay += 1
    try {
      const { baseline, opponent } = await executor.compare(inputs, {
        opponent: gate === 'calibration' ? 'baseline' : 'candidate',
        first: first === 'baseline' ? 'baseline' : 'opponent',
      })
      return { baseline, candidate: opponent }
    } finally {
      this.#ended()
    }
  }

  get idleSinceMs(): number | undefined {
    return this.#underWay > 0 ? undefined : this.#idleSinceMs
  }

  async leave(): Promise<void> {
    const { model, baseline, candidate } = this.#series
    const message = `A version needs the memory in which run times of ${model}@${candidate.number} and ${model}@${baseline.number} were compared.`
    this.#tellLeft(new PlatformError('serving.insufficient_memory', message))
    await this.close()
  }

  /** Ends the executor; what runs in it is lost. Never rejects. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    const opened = await this.#opened.catch(() => undefined)
    await opened?.executor.close()
    this.#giveBack(opened?.leases ?? [])
  }

  #ended(): void {
    this.#underWay -= 1
    this.#idleSinceMs = this.#options.clock.monotonicMs()
    this.#options.memory.tenantIdle()
  }

  #giveBack(leases: readonly VersionLease[]): void {
    for (const lease of leases) lease.release()
    this.#options.memory.release(this)
  }

  async #open(): Promise<Opened> {
    const leases: VersionLease[] = []
    let executor: ComparisonExecutor | undefined
    const onClosing = () => void executor?.close()
    try {
      executor = await this.#create(leases)
      this.#closing.signal.addEventListener('abort', onClosing, { once: true })
      await executor.open()
      return { executor, leases }
    } catch (error) {
      await executor?.close()
      this.#giveBack(leases)
      throw error
    } finally {
      this.#closing.signal.removeEventListener('abort', onClosing)
    }
  }

  async #create(leases: VersionLease[]): Promise<ComparisonExecutor> {
    const { versions, pool, memory, memoryLimitBytes, loadLimitMs = LOAD_LIMIT_MS } = this.#options
    const { model, baseline, candidate } = this.#series
    const { signal } = this.#closing
    const take = async (planned: PlannedVersion) => {
      const lease = await versions.acquire(planned, signal)
      leases.push(lease)
      return { planned, ingested: lease.ingested }
    }
    const both = [await take(baseline), await take(candidate)] as const
    // Nobody has to leave for a comparison.
    const plan = planComparison(...both, Math.min(memoryLimitBytes, memory.freeBytes))
    const id = { name: model, version: candidate.number }
    await memory.reserve({ owner: this, tenant: this, id, memoryBytes: plan.memoryBytes, signal })
    return new ComparisonExecutor({ ...plan, loadLimitMs, open: (opening) => pool.open(opening) })
  }
}
