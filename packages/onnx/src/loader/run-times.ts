/** Enough that what the machine does besides falls upon fewer than half of them. */
const RUNS = 32
const MIDDLE = RUNS / 2

/**
 * What a usual run of a version takes, from the runs that there were: the middle one of so many.
 *
 * No mean: a process that has to wait for a processor once makes one run a hundred times as long, which says nothing about the model.
 */
export class RunTimes {
  readonly #latestMs = new Float64Array(RUNS)
  #runs = 0
  #slowestUsualMs: number | undefined

  add(runTimeMs: number): void {
    this.#latestMs[this.#runs] = runTimeMs
    this.#runs += 1
    if (this.#runs < RUNS) return
    this.#runs = 0
    this.#slowestUsualMs = Math.max(this.#slowestUsualMs ?? 0, this.#latestMs.sort()[MIDDLE] ?? 0)
  }

  /**
   * The highest so far, so that a version does not move to and fro with its traffic. Undefined before there were enough runs.
   */
  get usualMs(): number | undefined {
    return this.#slowestUsualMs
  }
}
