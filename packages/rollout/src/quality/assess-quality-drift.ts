import { pairsOf } from '../evidence/counters.ts'
import {
  addHistograms,
  countersOfHistogram,
  differenceOfBin,
  type Histogram,
  logEOfHistogram,
} from '../evidence/histogram.ts'
import { leastMarginOfHistogram } from '../evidence/least-margin.ts'
import { logMeanExp } from '../evidence/log-e.ts'

/** How often a version that stays as good as it was is said to have become worse, all looks of its life together. */
const ALPHA_DRIFT = 0.01

/** Losses of one version, from 0 to 1, of one day. */
export interface LossDay {
  /** Whole days since the version went live, from 0. */
  readonly day: number
  readonly bins: Histogram
}

export interface QualityDriftInput {
  /** Losses of the version in its rollout. */
  readonly reference: Histogram
  /** Its losses since it went live, each day at most once, in any order. Old days may be missing. */
  readonly days: readonly LossDay[]
  /** How much more loss is acceptable. */
  readonly margin: number
}

export interface LossMean {
  readonly count: number
  /** Null where nothing was counted. */
  readonly mean: number | null
}

/** Whether a live version became worse than it was in its rollout. It alarms; it never takes a version off. */
export interface QualityDrift {
  readonly alarm: boolean
  readonly reference: LossMean
  readonly live: LossMean
  /** The mean loss that counts as no worse: the most that the rollout leaves possible, and the margin. Null: the rollout bounds nothing. */
  readonly limit: number | null
  /** Natural logarithm of the e-value against "the loss never is above the limit on average"; null without a limit. */
  readonly logE: number | null
  readonly logThreshold: number
  /** The day, counted as the days are, from which on it is worst. Null without an alarm. */
  readonly sinceDay: number | null
}

/**
 * Judges a live version by outcomes against its own rollout.
 *
 * Both errors share α: the limit is a bound that holds at every look, and the e-value begins anew with every day, each with its share of
 * the bet (1/(d+1) - 1/(d+2) for day d). So a version that becomes bad after a good year is found as soon as one that is bad from the start, but
 * for the price of ln(d²), and one that stays within its limit is accused with probability α in all of its life.
 */
export function assessQualityDrift({ reference, days, margin }: QualityDriftInput): QualityDrift {
  const logThreshold = Math.log(2 / ALPHA_DRIFT)
  const limit = limitOf(reference, margin, logThreshold)
  const live = addHistograms(days.map(({ bins }) => bins))
  const known = { reference: lossMean(reference), live: lossMean(live), limit, logThreshold }
  if (limit === null) return { ...known, alarm: false, logE: null, sinceDay: null }
  const starts = startsOf(days, limit)
  if (starts.length === 0) return { ...known, alarm: false, logE: 0, sinceDay: null }
  const logE = logMeanExp(starts.map(({ logBet }) => logBet)) + Math.log(starts.length)
  const alarm = logE >= logThreshold
  const worst = starts.reduce((before, start) => (start.logBet > before.logBet ? start : before))
  return { ...known, alarm, logE, sinceDay: alarm ? worst.day : null }
}

/** Null where nothing below 1 is left to alarm at. */
function limitOf(reference: Histogram, margin: number, logThreshold: number): number | null {
  const atMost = leastMarginOfHistogram(reference, logThreshold)
  return atMost === null || atMost + margin >= 1 ? null : atMost + margin
}

/** What a bet became that began on a day, for each day with losses. Days without any begin with the next that has some. */
function startsOf(
  days: readonly LossDay[],
  limit: number,
): readonly { readonly day: number; readonly logBet: number }[] {
  const ordered = days.filter(({ bins }) => bins.length > 0).sort((left, right) => left.day - right.day)
  return ordered.map(({ day }, index) => {
    const before = ordered[index - 1]?.day ?? -1
    const share = 1 / (before + 2) - 1 / (day + 2)
    const since = addHistograms(ordered.slice(index).map(({ bins }) => bins))
    return { day, logBet: Math.log(share) + logEOfHistogram(since, limit, 'harm') }
  })
}

function lossMean(bins: Histogram): LossMean {
  const count = pairsOf(countersOfHistogram(bins))
  if (count === 0) return { count, mean: null }
  let sum = 0
  for (const [bin, times] of bins) sum += times * differenceOfBin(bin)
  return { count, mean: sum / count }
}
