import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addHistograms,
  binOfDifference,
  countersOfHistogram,
  differenceOfBin,
  HISTOGRAM_BINS,
  type Histogram,
  logEOfHistogram,
  scaleHistogram,
} from './histogram.ts'
import { leastMarginOfHistogram } from './least-margin.ts'
import { logE, type Side } from './log-e.ts'

const LOG_20 = Math.log(20)
const histogram: fc.Arbitrary<Histogram> = fc
  .uniqueArray(fc.tuple(fc.nat({ max: HISTOGRAM_BINS - 1 }), fc.nat({ max: 200 })), {
    selector: ([bin]) => bin,
    maxLength: 12,
  })
  .map((bins) => bins.sort(([left], [right]) => left - right))
const side = fc.constantFrom<Side>('harm', 'safe')
const margin = fc.double({ min: 0, max: 0.5, noNaN: true })

describe('binOfDifference', () => {
  it('keeps a difference on average, wherever it lies between two bins', () => {
    for (const difference of [-0.9973, -0.0004, 0.0049, 0.5]) {
      let sum = 0
      for (let index = 0; index < 20_000; index++) {
        sum += differenceOfBin(binOfDifference(difference, `r${index}`, 'salt'))
      }
      expect(Math.abs(sum / 20_000 - difference)).toBeLessThan(2e-4)
    }
  })

  it('gives the same request the same bin, and another salt another draw', () => {
    const bins = (salt: string) =>
      Array.from({ length: 50 }, (_, index) => binOfDifference(0.005, `r${index}`, salt))
    expect(bins('a')).toEqual(bins('a'))
    expect(bins('a')).not.toEqual(bins('b'))
  })

  it('stays among the bins at both ends, and one bin away at most', () => {
    fc.assert(
      fc.property(fc.double({ min: -1, max: 1, noNaN: true }), fc.string(), (difference, id) => {
        const bin = binOfDifference(difference, id, 'salt')
        expect(bin).toBeGreaterThanOrEqual(0)
        expect(bin).toBeLessThan(HISTOGRAM_BINS)
        expect(Math.abs(differenceOfBin(bin) - difference)).toBeLessThan(0.0101)
      }),
    )
    expect(binOfDifference(1, 'r', 'salt')).toBe(200)
    expect(binOfDifference(-1, 'r', 'salt')).toBe(0)
    expect(binOfDifference(0, 'r', 'salt')).toBe(100)
  })

  it.each([-1.01, 1.01, Number.NaN])('refuses %d', (difference) => {
    expect(() => binOfDifference(difference, 'r', 'salt')).toThrow(RangeError)
  })
})

describe('logEOfHistogram', () => {
  it('is logE of the counters where losses are 0 or 1', () => {
    const count = fc.nat({ max: 300 })
    fc.assert(
      fc.property(count, count, count, margin, side, (nMinus, nZero, nPlus, delta, which) => {
        const bins = [
          [0, nMinus],
          [100, nZero],
          [200, nPlus],
        ] as const
        expect(countersOfHistogram(bins)).toEqual({ nPlus, nZero, nMinus })
        expect(logEOfHistogram(bins, delta, which)).toBeCloseTo(
          logE({ nPlus, nZero, nMinus }, delta, which),
          8,
        )
      }),
    )
  })

  it('judges merged histograms of nodes whatever the order and grouping, empty ones included (property)', () => {
    fc.assert(
      fc.property(fc.array(histogram, { maxLength: 5 }), margin, side, (nodes, delta, which) => {
        const forward = addHistograms(nodes)
        const backward = addHistograms([[], ...[...nodes].reverse()])
        const grouped = addHistograms([addHistograms(nodes.slice(0, 2)), addHistograms(nodes.slice(2))])
        expect(backward).toEqual(forward)
        expect(grouped).toEqual(forward)
        expect(logEOfHistogram(backward, delta, which)).toBe(logEOfHistogram(forward, delta, which))
        const apart = logEOfHistogram(nodes.flat(), delta, which)
        expect(apart).toBeCloseTo(logEOfHistogram(forward, delta, which), 7)
      }),
    )
  })

  it('never gains in expectation while the candidate is at its margin', () => {
    // One more difference, drawn from two bins with the margin as its mean, must leave the e-value where it is on average.
    fc.assert(
      fc.property(
        histogram,
        margin,
        side,
        fc.nat({ max: 200 }),
        fc.nat({ max: 200 }),
        (bins, delta, which, a, b) => {
          const [low, high] = [Math.min(a, b), Math.max(a, b)]
          const [below, above] = [differenceOfBin(low), differenceOfBin(high)]
          fc.pre(below <= delta && delta <= above && low < high)
          const weight = (delta - below) / (above - below)
          const now = logEOfHistogram(bins, delta, which)
          const grown = (bin: number) =>
            Math.exp(logEOfHistogram(addHistograms([bins, [[bin, 1]]]), delta, which) - now)
          expect(weight * grown(high) + (1 - weight) * grown(low)).toBeCloseTo(1, 9)
        },
      ),
    )
  })

  it.each<[Histogram, number]>([
    [[[201, 1]], 0.01],
    [[[-1, 1]], 0.01],
    [[[0.5, 1]], 0.01],
    [[[0, -1]], 0.01],
    [[[0, Number.NaN]], 0.01],
    [[], 1],
  ])('refuses %j at a margin of %d', (bins, delta) => {
    expect(() => logEOfHistogram(bins, delta, 'safe')).toThrow(RangeError)
  })

  it('has a least margin that it just clears', () => {
    expect(leastMarginOfHistogram([], LOG_20)).toBeNull()
    expect(leastMarginOfHistogram([[200, 100]], LOG_20)).toBeNull()
    expect(leastMarginOfHistogram([[0, 100]], LOG_20)).toBe(0)
    const bins: Histogram = [
      [95, 400],
      [104, 600],
    ]
    const bound = leastMarginOfHistogram(bins, LOG_20) ?? 0
    expect(logEOfHistogram(bins, bound, 'safe')).toBeGreaterThanOrEqual(LOG_20)
    expect(logEOfHistogram(bins, bound * 0.999, 'safe')).toBeLessThan(LOG_20)
    expect(scaleHistogram(bins, 0.5)).toEqual([
      [95, 200],
      [104, 300],
    ])
  })
})
