import { describe, expect, it } from 'vitest'
import { failing, repeat, tableOf, type Watch, watchStream } from '../src/evidence/simulation.fixture.ts'
import { note } from './figures.ts'

const SEED = 20_261_201
const RUNS = 2_000

function table(candidate: number, watch: Partial<Watch> = {}) {
  const options = { delta: 0.005, harmDelta: 0, pairs: 20_000, every: 50, ...watch }
  const result = tableOf(
    repeat(SEED, RUNS, (random) => watchStream(random, failing(0.005, candidate), options)),
  )
  note(`errors 0.5 % -> ${Number((candidate * 100).toFixed(2))} %`, result)
  return result
}

const near =
  (pairs: number, part = 0.2) =>
  (found: number) =>
    Math.abs(found - pairs) <= part * pairs

describe(`errors (seed ${SEED}, ${RUNS} runs of 20,000 pairs, a look every 50)`, () => {
  it('passes A/A in every run at 0.5 pp, and fails it at a margin of 0 in at most 1 %', () => {
    const aa = table(0.005)
    expect(aa.failed).toBeLessThanOrEqual(0.01)
    expect(aa.passed).toBe(1)
    expect(aa.pairsToPass).toSatisfy(near(1_700))
  })

  it('passes most that are half a margin worse', () => {
    const half = table(0.0075)
    expect(half.failed).toBeGreaterThan(0.8)
    expect(half.passed).toBeGreaterThan(0.88)
  })

  it('passes at most 5 % of those that are exactly at the margin', () => {
    const at = table(0.01)
    expect(at.failed).toBeGreaterThan(0.99)
    expect(at.pairsToFail).toSatisfy(near(3_550))
    expect(at.passed).toBeLessThanOrEqual(0.05)
  })

  it('fails those that are twice the margin worse, and passes hardly any', () => {
    const over = table(0.015)
    expect(over.failed).toBe(1)
    expect(over.pairsToFail).toSatisfy(near(1_400))
    expect(over.passed).toBeLessThanOrEqual(0.005)
  })

  it.each([
    [0.01, 0],
    [0.01, 0.02],
    [0.05, 0.1],
    [0.001, 0.001],
  ])(
    'keeps both promises exactly at a margin of %d with %d of noise, looking after every pair',
    (delta, noise) => {
      const stream = { plus: delta + noise, minus: noise }
      const watch = { delta, pairs: 4_000, every: 1 }
      const result = tableOf(repeat(SEED, 400, (random) => watchStream(random, stream, watch)))
      note(`exactly at ${delta}, noise ${noise}, every look`, result)
      // Three standard errors of 400 runs above what is promised.
      expect(result.failed).toBeLessThanOrEqual(0.025)
      expect(result.passed).toBeLessThanOrEqual(0.085)
    },
  )
})

describe(`disagreement (seed ${SEED}, ${RUNS} runs)`, () => {
  it.each([
    { share: 0.01, failed: [0, 0], passed: [1, 1], pairs: 1_150 },
    { share: 0.02, failed: [0, 0.01], passed: [0, 0.05], pairs: null },
    { share: 0.03, failed: [0.99, 1], passed: [0, 0], pairs: 2_450 },
    { share: 0.04, failed: [1, 1], passed: [0, 0], pairs: 750 },
  ])('of $share under a budget of 2 %', ({ share, failed, passed, pairs }) => {
    const stream = { plus: share, minus: 0 }
    const watch = { delta: 0.02, pairs: 10_000, every: 50 }
    const result = tableOf(repeat(SEED, RUNS, (random) => watchStream(random, stream, watch)))
    note(`disagreement ${share} under a budget of 0.02`, result)
    expect(result.failed).toBeGreaterThanOrEqual(failed[0] ?? 0)
    expect(result.failed).toBeLessThanOrEqual(failed[1] ?? 0)
    expect(result.passed).toBeGreaterThanOrEqual(passed[0] ?? 0)
    expect(result.passed).toBeLessThanOrEqual(passed[1] ?? 0)
    if (pairs !== null) expect(share > 0.02 ? result.pairsToFail : result.pairsToPass).toSatisfy(near(pairs))
  })
})
