const WEIGHT = 0.1
const RUNS_MIN = 16

/** What a usual run of a version takes, from the runs that there were. */
export class RunTimes {
  #averageMs = 0
  #runs = 0
  #slowestUsualMs: number | undefined

  add(runTimeMs: number): void {
    this.#runs += 1
    this.#averageMs += (runTimeMs - this.#averageMs) * Math.max(WEIGHT, 1 / this.#runs)
    if (this.#runs < RUNS_MIN) return
    this.#slowestUsualMs = Math.max(this.#slowestUsualMs ?? 0, this.#averageMs)
  }

  /**
   * The highest average so far, so that a version does not move to and fro with its traffic. Undefined before there were enough runs.
   */
  get usualMs(): number | undefined {
    return this.#slowestUsualMs
  }
}
