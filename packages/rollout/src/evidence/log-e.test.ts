import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addCounters, NO_COUNTERS } from './counters.ts'
import { logE, logEOfDifference, logMeanExp, type Side } from './log-e.ts'

/** The formula of the paper, written out as a mean of products. */
function eByDefinition(
  [plus, zero, minus]: readonly [number, number, number],
  delta: number,
  side: Side,
): number {
  const shares = [0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9]
  const products = shares.map((share) => {
    if (side === 'harm') {
      const bet = share / (1 + delta)
      return (1 + bet * (1 - delta)) ** plus * (1 - bet * delta) ** zero * (1 - bet * (1 + delta)) ** minus
    }
    const bet = share / (1 - delta)
    return (1 - bet * (1 - delta)) ** plus * (1 + bet * delta) ** zero * (1 + bet * (1 + delta)) ** minus
  })
  return products.reduce((sum, product) => sum + product, 0) / shares.length
}

const side = fc.constantFrom<Side>('harm', 'safe')
const delta = fc.double({ min: 0, max: 0.5, noNaN: true })
const counters = fc.record({
  nPlus: fc.nat({ max: 40 }),
  nZero: fc.nat({ max: 400 }),
  nMinus: fc.nat({ max: 40 }),
})

describe('logE', () => {
  it('is the logarithm of the mean of products that the paper defines', () => {
    fc.assert(
      fc.property(counters, delta, side, (counts, margin, which) => {
        const { nPlus, nZero, nMinus } = counts
        const expected = Math.log(eByDefinition([nPlus, nZero, nMinus], margin, which))
        expect(logE(counts, margin, which)).toBeCloseTo(expected, 8)
      }),
    )
  })

  it('is 0, no evidence, without pairs', () => {
    for (const which of ['harm', 'safe'] as const) expect(logE(NO_COUNTERS, 0.01, which)).toBe(0)
  })

  it('stays finite at counts whose e-value no number could hold', () => {
    const many = { nPlus: 1e9, nZero: 1e12, nMinus: 1e9 }
    for (const which of ['harm', 'safe'] as const) {
      for (const margin of [0, 1e-6, 0.01, 0.999])
        expect(logE(many, margin, which)).toSatisfy(Number.isFinite)
    }
  })

  it('never gains in expectation while the candidate is at its margin, for any share of discordant pairs', () => {
    // One more pair, drawn with E[D] = delta, must leave the e-value where it is on average: this is what makes every look valid.
    fc.assert(
      fc.property(
        counters,
        delta,
        fc.double({ min: 0, max: 1, noNaN: true }),
        side,
        (now, margin, mix, which) => {
          const minus = (mix * (1 - margin)) / 2
          const plus = minus + margin
          const next = logMeanExpWeighted([
            [plus, logE({ ...now, nPlus: now.nPlus + 1 }, margin, which)],
            [1 - plus - minus, logE({ ...now, nZero: now.nZero + 1 }, margin, which)],
            [minus, logE({ ...now, nMinus: now.nMinus + 1 }, margin, which)],
          ])
          expect(next).toBeCloseTo(logE(now, margin, which), 9)
        },
      ),
    )
  })

  it('grows for safety and shrinks for harm as the margin grows', () => {
    fc.assert(
      fc.property(counters, delta, fc.double({ min: 0, max: 0.4, noNaN: true }), (counts, margin, more) => {
        expect(logE(counts, margin + more, 'safe')).toBeGreaterThanOrEqual(
          logE(counts, margin, 'safe') - 1e-9,
        )
        expect(logE(counts, margin + more, 'harm')).toBeLessThanOrEqual(logE(counts, margin, 'harm') + 1e-9)
      }),
    )
  })

  it('judges summed counters of nodes, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(counters), delta, side, (nodes, margin, which) => {
        const forward = logE(addCounters(nodes), margin, which)
        expect(logE(addCounters([...nodes].reverse()), margin, which)).toBe(forward)
      }),
    )
  })

  it.each([-0.01, 1, Number.NaN])('refuses %d as a margin', (margin) => {
    expect(() => logE(NO_COUNTERS, margin, 'safe')).toThrow(RangeError)
  })

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses %d as a count', (count) => {
    expect(() => logE({ ...NO_COUNTERS, nMinus: count }, 0.01, 'harm')).toThrow(RangeError)
  })
})

describe('logEOfDifference', () => {
  it('never gains in expectation while both versions show the property as often, whatever share of pairs differs', () => {
    fc.assert(
      fc.property(counters, fc.double({ min: 0, max: 0.5, noNaN: true }), (now, each) => {
        const next = logMeanExpWeighted([
          [each, logEOfDifference({ ...now, nPlus: now.nPlus + 1 })],
          [1 - 2 * each, logEOfDifference({ ...now, nZero: now.nZero + 1 })],
          [each, logEOfDifference({ ...now, nMinus: now.nMinus + 1 })],
        ])
        expect(next).toBeCloseTo(logEOfDifference(now), 9)
      }),
    )
  })

  it('is the same with the versions exchanged, and 0 where no pair differs', () => {
    fc.assert(
      fc.property(counters, (counts) => {
        const exchanged = { ...counts, nPlus: counts.nMinus, nMinus: counts.nPlus }
        expect(logEOfDifference(exchanged)).toBeCloseTo(logEOfDifference(counts), 9)
      }),
    )
    expect(logEOfDifference({ nPlus: 0, nZero: 1e9, nMinus: 0 })).toBe(0)
  })
})

describe('logMeanExp', () => {
  it('averages e-values that no number could hold', () => {
    expect(logMeanExp([10_000, 10_000])).toBe(10_000)
    expect(logMeanExp([0, Math.log(3)])).toBeCloseTo(Math.log(2), 12)
  })
})

function logMeanExpWeighted(parts: readonly (readonly [number, number])[]): number {
  const greatest = Math.max(...parts.map(([, log]) => log))
  return greatest + Math.log(parts.reduce((sum, [weight, log]) => sum + weight * Math.exp(log - greatest), 0))
}
