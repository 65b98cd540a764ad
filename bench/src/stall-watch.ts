import { monotonicMs } from './monotonic.ts'

const EVERY_MS = 10

/**
 * Looks how long a process that does nothing but look is kept from it: by the whole machine, since nothing that is measured runs in it. A
 * shared machine may stand still for a second, and all that was to be sent meanwhile comes at once afterwards. A row owns it like its
 * processes: a timer that is left behind keeps the bench from ending.
 */
export class StallWatch {
  readonly #timer: NodeJS.Timeout
  #lastMs = monotonicMs()
  #longestMs = 0

  constructor() {
    this.#timer = setInterval(() => this.#look(), EVERY_MS)
  }

  /** The longest time that it was kept until now. */
  longestMs(): number {
    this.#look()
    return this.#longestMs
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
  }

  #look(): void {
    const nowMs = monotonicMs()
    this.#longestMs = Math.max(this.#longestMs, nowMs - this.#lastMs - EVERY_MS)
    this.#lastMs = nowMs
  }
}
