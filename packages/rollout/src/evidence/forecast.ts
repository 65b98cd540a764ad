import { type Counters, pairsOf, scaleCounters } from './counters.ts'
import { logE, type Side } from './log-e.ts'

/** Below it a trend says nothing: neither a forecast nor "toward fail" is shown. */
export const LEAST_PAIRS_FOR_TREND = 50
/** More pairs than any rollout collects: beyond it the threshold counts as out of reach. */
const MOST_PAIRS = 1e9

export type Forecast =
  | { readonly kind: 'tooEarly' }
  | { readonly kind: 'outOfReach' }
  /** The whole number of pairs at which the test decides, if shares stay as they are. */
  | { readonly kind: 'pairs'; readonly pairs: number }

/** One test whose deciding is foretold. */
export interface ForecastTarget {
  readonly side: Side
  readonly delta: number
  readonly logThreshold: number
}

/** The pairs that bring the same counters, scaled, to the threshold. Never decides anything. */
export function forecastPairs(counters: Counters, target: ForecastTarget): Forecast {
  return forecastAt(pairsOf(counters), target.logThreshold, (factor) =>
    logE(scaleCounters(counters, factor), target.delta, target.side),
  )
}

/** {@link forecastPairs} for an e-value that combines several counters, given as a function of their common factor. */
export function forecastAt(
  pairs: number,
  logThreshold: number,
  logEAt: (factor: number) => number,
): Forecast {
  if (pairs < LEAST_PAIRS_FOR_TREND) return { kind: 'tooEarly' }
  // ln E starts at 0 and is convex in the factor, so it crosses the threshold at most once.
  let [low, high] = [0, 1]
  while (logEAt(high) < logThreshold) {
    low = high
    high *= 2
    if (pairs * high > MOST_PAIRS) return { kind: 'outOfReach' }
  }
  while ((high - low) * pairs > 0.5) {
    const middle = (low + high) / 2
    if (logEAt(middle) >= logThreshold) high = middle
    else low = middle
  }
  return { kind: 'pairs', pairs: Math.ceil(pairs * high) }
}
