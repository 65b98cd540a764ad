import { type Counters, pairsOf } from './counters.ts'
import { countersOfHistogram, type Histogram, logEOfHistogram } from './histogram.ts'
import { logE } from './log-e.ts'

/** Halvings of the interval from 0 to 1: far finer than what is shown. */
const STEPS = 36

/**
 * The least margin that the counters would clear: "at most 0.08 pp more errors". Valid at every look, like the verdict.
 *
 * 0 when they clear even a margin of nothing; null when they clear none (no pairs, or only pairs that speak against the candidate).
 * @param logThreshold ln(1/α) of the safety test.
 */
export function leastMargin(counters: Counters, logThreshold: number): number | null {
  if (counters.nZero + counters.nMinus === 0) return null
  return bisect((delta) => logE(counters, delta, 'safe') >= logThreshold)
}

/** {@link leastMargin} of bounded differences. */
export function leastMarginOfHistogram(bins: Histogram, logThreshold: number): number | null {
  if (pairsOf(countersOfHistogram(bins)) === 0) return null
  return bisect((delta) => logEOfHistogram(bins, delta, 'safe') >= logThreshold)
}

function bisect(clears: (delta: number) => boolean): number | null {
  if (clears(0)) return 0
  let [low, high] = [0, 1 - Number.EPSILON]
  if (!clears(high)) return null
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2
    if (clears(middle)) high = middle
    else low = middle
  }
  return high
}
