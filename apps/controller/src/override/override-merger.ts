import type { Clock } from '@understudy/core'
import type { MergedOverride } from '@understudy/db'
import type { Logger } from '@understudy/telemetry'

export interface OverrideMergerOptions {
  /** Merges one override that a node reported; undefined when there is none. */
  readonly merge: () => Promise<MergedOverride | undefined>
  readonly clock: Clock
  readonly logger: Logger
  /** Longest pause between two looks without a hint. @defaultValue 5000 */
  readonly pollIntervalMs?: number
}

/**
 * Merges what nodes decided while they were cut off, as soon as they report it. Any number of controllers may: each override is merged once.
 *
 * A hint only shortens the pause: nothing depends on it.
 */
export class OverrideMerger {
  readonly #options: OverrideMergerOptions
  readonly #stop = new AbortController()
  #nap = new AbortController()
  #loop: Promise<void> | undefined

  constructor(options: OverrideMergerOptions) {
    this.#options = options
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  /** A node may have reported: look now. */
  wake(): void {
    this.#nap.abort()
    this.#nap = new AbortController()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    this.wake()
    await this.#loop
  }

  /** True when something was merged. */
  async mergeOnce(): Promise<boolean> {
    const { merge, logger } = this.#options
    const merged = await merge()
    if (merged !== undefined) logger.info({ ...merged }, 'an override of a node was merged')
    return merged !== undefined
  }

  async #run(): Promise<void> {
    const { clock, logger, pollIntervalMs = 5_000 } = this.#options
    while (!this.#stop.signal.aborted) {
      const nap = this.#nap.signal
      const worked = await this.mergeOnce().catch((error: unknown) => {
        logger.warn({ err: error }, 'overrides of nodes cannot be merged; trying again')
        return false
      })
      if (!worked && !this.#stop.signal.aborted) await clock.sleep(pollIntervalMs, nap)
    }
  }
}
