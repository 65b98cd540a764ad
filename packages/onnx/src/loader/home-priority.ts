import type { Clock } from '@understudy/core'
import type { ServableRole } from '@understudy/serving'
import { givesWay } from '../pool/gives-way.ts'

export interface HomePriorityOptions {
  readonly role: ServableRole
  /** It is not warm yet, and no request waits for it. */
  readonly isArriving: boolean
  readonly runTimeoutMs: number
  readonly clock: Clock
  /** What {@link HomePriority.isBackground} says may have changed. */
  readonly onChange: () => void
}

/** In so many parts of its time limit a run must have ended, or it gets the normal priority for the rest. */
const PARTS = 4

/**
 * Whether a version gives way to others: while it loads and warms, and while it is on trial, unless a run of it is kept waiting so long that
 * it would come near its time limit. What the processor does for others is no fault of the version, and must not become evidence against it.
 */
export class HomePriority {
  readonly #options: HomePriorityOptions
  readonly #closing = new AbortController()
  #role: ServableRole
  #isArriving: boolean
  #openRuns = 0
  #endedRuns = 0
  #isWatching = false
  #isStarved = false

  constructor(options: HomePriorityOptions) {
    this.#options = options
    this.#role = options.role
    this.#isArriving = options.isArriving
  }

  get isBackground(): boolean {
    return this.#mayGiveWay && !this.#isStarved
  }

  /** It is warm. */
  arrived(): void {
    if (!this.#isArriving) return
    this.#isArriving = false
    this.#options.onChange()
  }

  assume(role: ServableRole): void {
    this.#role = role
    this.#options.onChange()
  }

  runBegan(): void {
    this.#openRuns += 1
    if (!this.#isWatching && this.#mayGiveWay) void this.#watch()
  }

  runEnded(): void {
    this.#openRuns -= 1
    this.#endedRuns += 1
    if (!this.#isStarved) return
    this.#isStarved = false
    this.#options.onChange()
  }

  close(): void {
    this.#closing.abort()
  }

  get #mayGiveWay(): boolean {
    return this.#isArriving || givesWay(this.#role)
  }

  /** One timer for all runs, which are many: one that was open all along was open for as long as the timer took. */
  async #watch(): Promise<void> {
    const { clock, runTimeoutMs, onChange } = this.#options
    const { signal } = this.#closing
    this.#isWatching = true
    while (this.#openRuns > 0 && this.#mayGiveWay && !signal.aborted) {
      const ended = this.#endedRuns
      await clock.sleep(runTimeoutMs / PARTS, signal)
      if (this.#openRuns === 0 || this.#endedRuns !== ended || this.#isStarved) continue
      this.#isStarved = true
      onChange()
    }
    this.#isWatching = false
  }
}
