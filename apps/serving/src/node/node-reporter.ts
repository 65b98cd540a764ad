import type { Clock } from '@understudy/core'
import type { EvidenceFlush, NodeStore } from '@understudy/db/node'
import type { ServingNodeCore } from '@understudy/serving'
import type { Logger } from '@understudy/telemetry'
import type { EvidenceCollector } from '../comparison/evidence-collector.ts'
import type { IncidentLog } from './incident-log.ts'
import type { RequestKeeping } from './request-keeping.ts'

export interface NodeReporterOptions {
  readonly core: ServingNodeCore
  readonly collector: EvidenceCollector
  readonly incidents: IncidentLog
  readonly keeping: Pick<RequestKeeping, 'flush'>
  readonly store: NodeStore
  readonly clock: Clock
  readonly logger: Logger
  /** Lease and evidence are written this often, besides at every change. @defaultValue 1000 */
  readonly intervalMs?: number
}

/**
 * Tells the record what this node holds: at once when something changes, and every second to keep the lease, to flush evidence, to record
 * incidents and to store what is kept of requests.
 *
 * A failure costs nothing but time: everything reported is absolute, or numbered, and is reported again. Captured requests alone are dropped.
 */
export class NodeReporter {
  readonly #options: NodeReporterOptions
  readonly #stop = new AbortController()
  #nap = new AbortController()
  #loop: Promise<void> | undefined
  #away = false

  constructor(options: NodeReporterOptions) {
    this.#options = options
  }

  start(): void {
    this.#options.core.onChange(() => this.wake())
    this.#loop = this.#run()
  }

  wake(): void {
    this.#nap.abort()
  }

  /** Reports once more, as draining, and stops. */
  async close(): Promise<void> {
    this.#stop.abort()
    this.wake()
    await this.#loop
    await this.#once(true)
  }

  async #run(): Promise<void> {
    const { clock, intervalMs = 1_000 } = this.#options
    while (!this.#stop.signal.aborted) {
      this.#nap = new AbortController()
      const beganMs = clock.monotonicMs()
      await this.#once(false)
      // A node that loads a thousand models reports half of the time, not after every one.
      const restMs = Math.min(intervalMs, clock.monotonicMs() - beganMs)
      await clock.sleep(restMs, this.#stop.signal)
      if (!this.#stop.signal.aborted) await clock.sleep(intervalMs, this.#nap.signal)
    }
  }

  async #once(draining: boolean): Promise<void> {
    const { core, incidents, keeping, store, logger } = this.#options
    try {
      await store.report(this.#report(draining))
      const happened = incidents.pending()
      await store.recordIncidents(happened)
      incidents.recorded(happened)
      await this.#flushEvidence()
      await keeping.flush()
      if (this.#away) logger.info('the control plane is back')
      this.#away = false
    } catch (error) {
      if (!this.#away)
        logger.warn(
          { err: error, planAgeMs: core.predictor.planAgeMs() },
          'the control plane is away; serving goes on',
        )
      this.#away = true
    }
  }

  async #flushEvidence(): Promise<void> {
    const { collector, store } = this.#options
    const [snapshots, minutes] = [collector.snapshots(), collector.minutes()]
    const { refused } = await store.flushEvidence(snapshots, { minutes })
    const isRefused = new Set<EvidenceFlush>(refused)
    collector.refused(snapshots.filter((snapshot) => isRefused.has(snapshot)))
    collector.stored(
      snapshots.filter((snapshot) => !isRefused.has(snapshot)),
      minutes,
    )
  }

  #report(draining: boolean) {
    const { core } = this.#options
    const observed: Record<string, number> = {}
    for (const model of core.predictor.models()) {
      const generation = core.observedGeneration(model)
      if (generation !== undefined) observed[model] = generation
    }
    return {
      ready: core.isReady(),
      draining,
      observed,
      servables: core.servableStatuses().map((status) => ({
        model: status.model,
        number: status.version,
        digest: status.digest,
        state: status.state,
        reason: status.error?.message ?? null,
      })),
    }
  }
}
