/** So many traces a second, saved up to as many; the rest is refused. */
export class TraceAllowance {
  readonly #perSecond: number
  #left: number
  #atMs = 0

  constructor(perSecond: number) {
    this.#perSecond = perSecond
    this.#left = perSecond
  }

  /** @param nowMs any clock that goes forward, in milliseconds */
  take(nowMs: number): boolean {
    const earned = (Math.max(0, nowMs - this.#atMs) / 1_000) * this.#perSecond
    this.#left = Math.min(this.#perSecond, this.#left + earned)
    this.#atMs = Math.max(this.#atMs, nowMs)
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }
}
