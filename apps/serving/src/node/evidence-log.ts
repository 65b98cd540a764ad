import type { Clock } from '@understudy/core'
import type { Logger } from '@understudy/telemetry'
import type { EvidenceCollector } from '../comparison/evidence-collector.ts'

/** Writes evidence to the log, for a node that has no record to put it in. Counters are absolute: the last line of a series holds all. */
export class EvidenceLog {
  readonly #collector: EvidenceCollector
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #stop = new AbortController()
  #loop: Promise<void> | undefined

  constructor(options: {
    readonly collector: EvidenceCollector
    readonly logger: Logger
    readonly clock: Clock
  }) {
    this.#collector = options.collector
    this.#logger = options.logger
    this.#clock = options.clock
  }

  start(): void {
    this.#loop = this.#run()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#loop
    this.#once()
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#clock.sleep(1_000, this.#stop.signal)
      this.#once()
    }
  }

  #once(): void {
    const snapshots = this.#collector.snapshots()
    for (const { seriesId, source, step, admitted, lost, counters, breaches } of snapshots) {
      this.#logger.info(
        { event: 'evidence', seriesId, source, step, admitted, lost, counters, breaches },
        'evidence of a mirrored series',
      )
    }
    this.#collector.stored(snapshots, this.#collector.minutes())
  }
}
