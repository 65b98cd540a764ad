import type { Clock } from '@understudy/core'

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

/** A clock that moves only when told to: `advance` wakes every sleeper whose time has come, in order. */
export class TestClock implements Clock {
  #now: number
  #sleepers: Sleeper[] = []

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  monotonicMs(): number {
    return this.#now
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const end = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        signal?.removeEventListener('abort', end)
        resolve()
      }
      const sleeper = { at: this.#now + ms, wake: end }
      this.#sleepers.push(sleeper)
      signal?.addEventListener('abort', end, { once: true })
    })
  }

  /** Moves time forward and lets every woken continuation run. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    for (;;) {
      const next = this.#sleepers.filter((sleeper) => sleeper.at <= until).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== next)
      this.#now = Math.max(this.#now, next.at)
      next.wake()
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.#now = until
    await new Promise((resolve) => setImmediate(resolve))
  }
}
