import { logE } from './log-e.ts'
import { thresholds } from './thresholds.ts'

/** More pairs than any rollout collects. */
const MOST_PAIRS = 1e9

/** What is known of the pairs to come. */
export interface ExpectedPairs {
  /**
   * Share of pairs in which the versions differ by chance, as often one way as the other: for latency what a calibration measures.
   * @defaultValue 0
   */
  readonly noiseShare?: number
  /** @defaultValue 1 */
  readonly attempt?: number
}

/**
 * By how many standard errors chance holds back the edge that happens to stand worst, in the middle of many simulated A/A runs: a gate of
 * latency has to clear all its edges.
 */
const WORST_BY_CHANCE = 0.75

/**
 * The pairs after which a candidate that is as good as the baseline is expected to clear a margin; null when noise keeps it from ever doing
 * so. Without noise exact (522 at 1 %), with noise what half of all candidates need.
 */
export function pairsNeeded(
  margin: number,
  { noiseShare = 0, attempt = 1 }: ExpectedPairs = {},
): number | null {
  const { logSafe } = thresholds(attempt, 1)
  const clears = (pairs: number) => {
    const half = (pairs * noiseShare) / 2
    const chance = Math.min(half, (WORST_BY_CHANCE * Math.sqrt(pairs * noiseShare)) / 2)
    const counters = { nPlus: half + chance, nZero: pairs - 2 * half, nMinus: half - chance }
    return logE(counters, margin, 'safe') >= logSafe
  }
  let [low, high] = [0, 1]
  while (!clears(high)) {
    low = high
    high *= 2
    if (high > MOST_PAIRS) return null
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (clears(middle)) high = middle
    else low = middle
  }
  return high
}
