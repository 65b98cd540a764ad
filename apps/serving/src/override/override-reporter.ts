import type { Clock } from '@understudy/core'
import type { NodeStore } from '@understudy/db/node'
import type { Logger } from '@understudy/telemetry'
import type { OverrideStore } from './override-store.ts'

export interface OverrideReporterOptions {
  readonly overrides: Pick<OverrideStore, 'unreported' | 'reported' | 'onChange'>
  readonly record: Pick<NodeStore, 'recordOverrides'>
  readonly clock: Clock
  readonly logger: Logger
  /** @defaultValue 1000 */
  readonly retryMs?: number
}

/** Nothing is to be told: a new override ends the wait. */
const IDLE_MS = 60_000

/**
 * Tells the control plane of every override as soon as it is there again, until it has it. Without one it does nothing.
 *
 * What was recorded and could not be marked so is recorded again, which changes nothing.
 */
export class OverrideReporter {
  readonly #options: OverrideReporterOptions
  readonly #stop = new AbortController()
  #nap = new AbortController()
  #loop: Promise<void> | undefined

  constructor(options: OverrideReporterOptions) {
    this.#options = options
  }

  start(): void {
    this.#options.overrides.onChange(() => this.#nap.abort())
    this.#loop ??= this.#run()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    this.#nap.abort()
    await this.#loop
  }

  /** True when nothing is left to be told. */
  async reportOnce(): Promise<boolean> {
    const { overrides, record, logger } = this.#options
    const pending = overrides.unreported()
    if (pending.length === 0) return true
    try {
      await record.recordOverrides(pending.map(({ signed, acceptedAtMs }) => ({ ...signed, acceptedAtMs })))
      await overrides.reported(pending.map(({ signed }) => signed.document.id))
      logger.info({ overrides: pending.length }, 'the control plane was told of overrides')
      return true
    } catch (error) {
      logger.debug({ err: error }, 'the control plane could not be told of an override; trying again')
      return false
    }
  }

  async #run(): Promise<void> {
    const { clock, retryMs = 1_000 } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      this.#nap = new AbortController()
      const isDone = await this.reportOnce()
      if (signal.aborted) return
      // What came during the report has ended the nap already.
      await clock.sleep(isDone ? IDLE_MS : retryMs, isDone ? this.#nap.signal : signal)
    }
  }
}
