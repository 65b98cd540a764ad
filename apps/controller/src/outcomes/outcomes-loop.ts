import type { Clock } from '@understudy/core'
import type { Logger } from '@understudy/telemetry'

export interface OutcomesLoopOptions {
  /** Asks for the models whose outcomes wait to be scored. */
  readonly requestDue: () => Promise<void>
  /** Forgets what is too old, a part at a time; says how many rows went. */
  readonly forgetOld: () => Promise<number>
  readonly clock: Clock
  readonly logger: Logger
  /** @defaultValue 5000 */
  readonly intervalMs?: number
  /** @defaultValue 3600000 */
  readonly forgetIntervalMs?: number
}

/**
 * Has outcomes scored that no open rollout looks at, and forgets old ones. Any number of controllers may do it at once.
 *
 * A failure costs nothing but time: what is due stays due.
 */
export class OutcomesLoop {
  readonly #options: OutcomesLoopOptions
  readonly #stop = new AbortController()
  #loop: Promise<void> | undefined
  #forgetAtMs = 0

  constructor(options: OutcomesLoopOptions) {
    this.#options = options
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { clock, logger, intervalMs = 5_000 } = this.#options
    this.#forgetAtMs = clock.monotonicMs()
    while (!this.#stop.signal.aborted) {
      try {
        await this.#once()
      } catch (error) {
        logger.debug({ err: error }, 'outcomes could not be looked after; trying again')
      }
      await clock.sleep(intervalMs, this.#stop.signal)
    }
  }

  async #once(): Promise<void> {
    const { requestDue, forgetOld, clock, logger, forgetIntervalMs = 3_600_000 } = this.#options
    await requestDue()
    if (clock.monotonicMs() < this.#forgetAtMs) return
    const forgotten = await forgetOld()
    if (forgotten > 0) logger.info({ rows: forgotten }, 'outcomes and scores that are too old were forgotten')
    // While there is more, it goes on at the next look.
    else this.#forgetAtMs = clock.monotonicMs() + forgetIntervalMs
  }
}
