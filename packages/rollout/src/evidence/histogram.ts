import { drawUniform } from '../pairs/draw.ts'
import type { Counters } from './counters.ts'
import { checkMargin, logMeanOfBets, type Side } from './log-e.ts'

/**
 * Differences of losses, candidate - baseline, each in one of {@link HISTOGRAM_BINS} bins: `[bin, count]`, each bin at most once.
 * Bin b stands for the difference b / 100 - 1.
 */
export type Histogram = readonly (readonly [bin: number, count: number])[]

/** The histogram of one property of one gate, in one source and step. Cumulative, so that sums over nodes are histograms again. */
export interface PropertyHistogram {
  readonly source: string
  readonly step: string
  readonly gate: string
  readonly property: string
  readonly bins: Histogram
}

export const HISTOGRAM_BINS = 201
const BINS_PER_UNIT = 100

/**
 * The bin of a difference of losses: the one below or above it, drawn so that on average nothing is lost. Rounding to the nearest would
 * let a small steady difference vanish.
 *
 * @param difference candidate - baseline, from -1 to 1.
 * @param salt unknown to clients: the request id alone shall not decide which way a difference is rounded.
 */
export function binOfDifference(difference: number, requestId: string, salt: string): number {
  if (!(difference >= -1 && difference <= 1)) {
    throw new RangeError(`a difference of losses is from -1 to 1, not ${difference}`)
  }
  return Math.floor(BINS_PER_UNIT * (difference + 1) + drawUniform(requestId, `${salt}/bin`))
}

/** The difference of losses that a bin stands for. */
export function differenceOfBin(bin: number): number {
  return bin / BINS_PER_UNIT - 1
}

/**
 * `logE` of bounded differences: natural logarithm of the e-value against "on average worse by at most (`harm`), by at least (`safe`)
 * the margin". A function of the histogram only; with the bins of -1, 0 and 1 alone it is `logE` of the counters.
 *
 * @param delta the margin, 0 <= delta < 1.
 */
export function logEOfHistogram(bins: Histogram, delta: number, side: Side): number {
  checkMargin(delta)
  for (const [bin, count] of bins) {
    if (!(Number.isInteger(bin) && bin >= 0 && bin < HISTOGRAM_BINS)) {
      throw new RangeError(`a bin is a whole number from 0 to ${HISTOGRAM_BINS - 1}, not ${bin}`)
    }
    if (!(count >= 0 && count < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`a count is a finite number from 0, not ${count}`)
    }
  }
  return logMeanOfBets(delta, side, (bet) => {
    let sum = 0
    for (const [bin, count] of bins) sum += count * Math.log1p(bet * (differenceOfBin(bin) - delta))
    return sum
  })
}

/** The sum, over nodes or steps: each bin once, in ascending order. */
export function addHistograms(all: readonly Histogram[]): Histogram {
  const sums = new Map<number, number>()
  for (const bins of all) {
    for (const [bin, count] of bins) sums.set(bin, (sums.get(bin) ?? 0) + count)
  }
  return [...sums].sort(([left], [right]) => left - right)
}

/** The same shares at another number of pairs. */
export function scaleHistogram(bins: Histogram, factor: number): Histogram {
  return bins.map(([bin, count]) => [bin, count * factor])
}

/** How often the candidate lost more, the same, and less than the baseline. */
export function countersOfHistogram(bins: Histogram): Counters {
  let [nPlus, nZero, nMinus] = [0, 0, 0]
  for (const [bin, count] of bins) {
    if (bin > BINS_PER_UNIT) nPlus += count
    else if (bin < BINS_PER_UNIT) nMinus += count
    else nZero += count
  }
  return { nPlus, nZero, nMinus }
}
