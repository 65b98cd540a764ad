const HEARTBEAT_MS = 2_000

/** Tells every page that listens of each change, and that it is alive in between. */
export class ChangeFeed {
  readonly #waiting = new Set<() => void>()
  #seq = 0
  #silent = false

  async *changes(signal: AbortSignal) {
    while (!signal.aborted) {
      if (!this.#silent) yield { seq: this.#seq, at: new Date().toISOString() }
      await this.#nextChange(signal)
    }
  }

  /** How many pages listen. */
  get listeners(): number {
    return this.#waiting.size
  }

  /** Ends the heartbeat without closing a stream, as a cut network does. */
  set silent(value: boolean) {
    this.#silent = value
    this.wake()
  }

  wake(): void {
    this.#seq += 1
    for (const wake of [...this.#waiting]) wake()
  }

  #nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, HEARTBEAT_MS)
      this.#waiting.add(done)
      signal.addEventListener('abort', done)
    })
  }
}
