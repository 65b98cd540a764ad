import type { Clock } from '@understudy/core'
import { SlotList, type Slotted } from './slot-list.ts'

export interface Expiring extends Slotted {
  /** By the monotonic clock. */
  readonly deadlineAtMs: number
  expire(): void
}

/** Expires every entry soon after its deadline. One timer for all of them: arming one per request costs more than the request. */
export class DeadlineWatch<E extends Expiring> {
  readonly #clock: Clock
  readonly #entries = new SlotList<E>()
  #armedForMs = Number.POSITIVE_INFINITY
  #timer: AbortController | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Those that have not ended. */
  open(): readonly E[] {
    return this.#entries.all()
  }

  get size(): number {
    return this.#entries.size
  }

  add(entry: E): void {
    this.#entries.add(entry)
    if (entry.deadlineAtMs < this.#armedForMs) this.#arm(entry.deadlineAtMs)
  }

  delete(entry: E): void {
    this.#entries.delete(entry)
  }

  close(): void {
    this.#timer?.abort()
    for (const entry of this.#entries.all()) this.#entries.delete(entry)
  }

  #arm(atMs: number): void {
    this.#timer?.abort()
    const timer = new AbortController()
    this.#timer = timer
    this.#armedForMs = atMs
    void this.#clock.sleep(Math.max(0, atMs - this.#clock.monotonicMs()), timer.signal).then(() => {
      if (!timer.signal.aborted) this.#sweep()
    })
  }

  #sweep(): void {
    const nowMs = this.#clock.monotonicMs()
    this.#armedForMs = Number.POSITIVE_INFINITY
    let nextMs = Number.POSITIVE_INFINITY
    for (const entry of this.#entries.all()) {
      if (entry.deadlineAtMs <= nowMs) {
        this.#entries.delete(entry)
        entry.expire()
      } else nextMs = Math.min(nextMs, entry.deadlineAtMs)
    }
    if (nextMs < this.#armedForMs) this.#arm(nextMs)
  }
}
