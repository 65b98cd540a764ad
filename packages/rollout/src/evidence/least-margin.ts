import type { Counters } from './counters.ts'
import { logE } from './log-e.ts'

const STEPS = 50

/**
 * The least margin that the counters would clear: "at most 0.08 pp more errors". Valid at every look, like the verdict.
 *
 * 0 when they clear even a margin of nothing; null when they clear none (no pairs, or only pairs that speak against the candidate).
 * @param logThreshold ln(1/α) of the safety test.
 */
export function leastMargin(counters: Counters, logThreshold: number): number | null {
  if (counters.nZero + counters.nMinus === 0) return null
  const clears = (delta: number) => logE(counters, delta, 'safe') >= logThreshold
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
