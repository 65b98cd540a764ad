import type { Clock } from '@understudy/core'

/** Runs that may follow each other at once after a pause. */
const BURST_RUNS = 50
/** A run that takes longer counts as several, */
const RUN_MS = 2
/** but never as more: a version that hangs is looked at all the same. */
const RUNS_OF_ONE_MAX = 10

/**
 * How fast one model is mirrored: enough for a verdict within minutes, and no more of the processor than live requests can spare. What happened
 * before decides, never the batch itself.
 */
export class SamplePace {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #runsPerSecond: () => number
  #allowance = BURST_RUNS
  #atMs: number

  constructor(clock: Pick<Clock, 'monotonicMs'>, runsPerSecond: () => number) {
    this.#clock = clock
    this.#runsPerSecond = runsPerSecond
    this.#atMs = clock.monotonicMs()
  }

  /** Runs that may begin at this moment. */
  get allowance(): number {
    const nowMs = this.#clock.monotonicMs()
    const grown = ((nowMs - this.#atMs) * this.#runsPerSecond()) / 1_000
    this.#atMs = nowMs
    this.#allowance = Math.min(BURST_RUNS, this.#allowance + grown)
    return this.#allowance
  }

  /** A run begins. */
  began(): void {
    this.#allowance -= 1
  }

  /** How long the second version had it. */
  ended(tookMs: number): void {
    this.#allowance -= Math.max(0, Math.min(RUNS_OF_ONE_MAX, tookMs / RUN_MS) - 1)
  }
}
