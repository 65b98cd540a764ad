import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NO_COUNTERS, pairsOf, scaleCounters } from './counters.ts'
import { forecastPairs } from './forecast.ts'
import { leastMargin } from './least-margin.ts'
import { logE } from './log-e.ts'
import { thresholds } from './thresholds.ts'

const LOG_20 = Math.log(20)
const counters = fc.record({
  nPlus: fc.nat({ max: 60 }),
  nZero: fc.nat({ max: 5_000 }),
  nMinus: fc.nat({ max: 60 }),
})

describe('leastMargin', () => {
  it('is the margin that the counters just clear', () => {
    fc.assert(
      fc.property(counters, (counts) => {
        const bound = leastMargin(counts, LOG_20)
        if (bound === null || bound === 0) return
        expect(logE(counts, bound, 'safe')).toBeGreaterThanOrEqual(LOG_20)
        expect(logE(counts, bound * 0.999, 'safe')).toBeLessThan(LOG_20)
      }),
    )
  })

  it('is just below the margin that so many clean pairs are needed for', () => {
    expect(leastMargin({ nPlus: 0, nZero: 522, nMinus: 0 }, LOG_20)).toBeCloseTo(0.01, 4)
    expect(leastMargin({ nPlus: 0, nZero: 5_245, nMinus: 0 }, LOG_20)).toBeCloseTo(0.001, 5)
  })

  it('is 0 when the candidate is so much better that it clears a margin of nothing', () => {
    expect(leastMargin({ nPlus: 0, nZero: 100, nMinus: 50 }, LOG_20)).toBe(0)
  })

  it('says nothing without pairs, or when every pair speaks against the candidate', () => {
    expect(leastMargin(NO_COUNTERS, LOG_20)).toBeNull()
    expect(leastMargin({ nPlus: 30, nZero: 0, nMinus: 0 }, LOG_20)).toBeNull()
  })

  it('says nothing when even the greatest margin is not cleared', () => {
    expect(leastMargin({ nPlus: 10_000, nZero: 1, nMinus: 0 }, LOG_20)).toBeNull()
  })
})

describe('forecastPairs', () => {
  const safe = { side: 'safe', delta: 0.01, logThreshold: LOG_20 } as const

  it('foretells for clean pairs the number that the margin needs', () => {
    expect(forecastPairs({ nPlus: 0, nZero: 60, nMinus: 0 }, safe)).toEqual({ kind: 'pairs', pairs: 522 })
  })

  it('is too early below 50 pairs', () => {
    expect(forecastPairs({ nPlus: 0, nZero: 49, nMinus: 0 }, safe)).toEqual({ kind: 'tooEarly' })
  })

  it('is out of reach when the shares stand at the margin', () => {
    expect(forecastPairs({ nPlus: 1, nZero: 99, nMinus: 0 }, safe)).toEqual({ kind: 'outOfReach' })
  })

  it('foretells harm as well', () => {
    const forecast = forecastPairs(
      { nPlus: 5, nZero: 95, nMinus: 0 },
      { side: 'harm', delta: 0.01, logThreshold: Math.log(100) },
    )
    expect(forecast).toMatchObject({ kind: 'pairs' })
  })

  it('brings the scaled counters to the threshold within one pair, and never says so of fewer', () => {
    fc.assert(
      fc.property(counters, (counts) => {
        const forecast = forecastPairs(counts, safe)
        if (forecast.kind !== 'pairs') return
        const at = (pairs: number) => logE(scaleCounters(counts, pairs / pairsOf(counts)), safe.delta, 'safe')
        expect(at(forecast.pairs)).toBeGreaterThanOrEqual(LOG_20)
        expect(at(forecast.pairs - 2)).toBeLessThan(LOG_20)
      }),
    )
  })
})

describe('thresholds', () => {
  it('asks every gate and source of a first attempt for their share of 1 %, and for 5 % to pass', () => {
    expect(Math.exp(thresholds(1, 2).logHarm)).toBeCloseTo(200, 9)
    expect(Math.exp(thresholds(1, 2).logSafe)).toBeCloseTo(20, 9)
  })

  it('halves both error rates with each further attempt', () => {
    expect(Math.exp(thresholds(3, 1).logHarm)).toBeCloseTo(400, 9)
    expect(Math.exp(thresholds(3, 1).logSafe)).toBeCloseTo(80, 9)
  })
})
