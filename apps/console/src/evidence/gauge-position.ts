import type { GateView } from '@understudy/api/views'

/** Half of the axis, from its centre to a threshold, in per cent of its width. */
const REACH = 38
/** What is left beyond a threshold for all e-values above it. */
const BEYOND = 12
/** Excess (in natural logarithms) at which half of {@link BEYOND} is used. */
const HALF_EXCESS = 4

/** Where the marker of a gauge stands and what the gauge says. All positions are per cent from the left. */
export interface GaugeReading {
  /** `none`: no pairs yet. */
  readonly side: 'safe' | 'harm' | 'none'
  readonly position: number
  readonly logValue: number
  /** Where the forecast ends: the threshold of the side shown. */
  readonly threshold: number
}

export const PASS_AT = 50 + REACH
export const FAIL_AT = 50 - REACH
export const CENTRE = 50

/** Shows the side with the larger e-value, never both. */
export function readGauge(gate: GateView): GaugeReading {
  if (gate.nPlus + gate.nZero + gate.nMinus === 0) {
    return { side: 'none', position: CENTRE, logValue: 0, threshold: PASS_AT }
  }
  const harm = gate.logHarm > gate.logSafe
  const logValue = harm ? gate.logHarm : gate.logSafe
  const distance = distanceFromCentre(logValue, harm ? gate.logFailAt : gate.logPassAt)
  return {
    side: harm ? 'harm' : 'safe',
    position: harm ? CENTRE - distance : CENTRE + distance,
    logValue,
    threshold: harm ? FAIL_AT : PASS_AT,
  }
}

/** `38 · ln E / ln threshold` up to the threshold; beyond it the rest of the axis, never quite used up. */
export function distanceFromCentre(logValue: number, logThreshold: number): number {
  if (!(logValue > 0) || !(logThreshold > 0)) return 0
  if (logValue <= logThreshold) return (REACH * logValue) / logThreshold
  const excess = logValue - logThreshold
  if (!Number.isFinite(excess)) return REACH + BEYOND
  return REACH + (BEYOND * excess) / (excess + HALF_EXCESS)
}
