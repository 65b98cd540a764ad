import type { Clock } from '@understudy/core'
import type { Logger } from '@understudy/telemetry'

/** Something that is done again and again. Doing it twice, or in several processes at once, is harmless. */
export interface Chore {
  readonly name: string
  readonly everyMs: number
  readonly run: () => Promise<unknown>
}

/** Runs each chore at its own pace until it is stopped. One that fails is told of once, and tried again at its next turn. */
export class Chores {
  readonly #options: { readonly clock: Clock; readonly logger: Logger; readonly chores: readonly Chore[] }
  readonly #stop = new AbortController()
  #loops: Promise<void>[] = []

  constructor(options: {
    readonly clock: Clock
    readonly logger: Logger
    readonly chores: readonly Chore[]
  }) {
    this.#options = options
  }

  start(): void {
    this.#loops = this.#options.chores.map((chore) => this.#repeat(chore))
  }

  /** Waits for what is being done. */
  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#loops)
  }

  async #repeat({ name, everyMs, run }: Chore): Promise<void> {
    const { clock, logger } = this.#options
    let failing = false
    while (!this.#stop.signal.aborted) {
      try {
        await run()
        failing = false
      } catch (error) {
        if (!failing) logger.warn({ err: error, chore: name }, 'a chore failed; trying again')
        failing = true
      }
      await clock.sleep(everyMs, this.#stop.signal)
    }
  }
}
