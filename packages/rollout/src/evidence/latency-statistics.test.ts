import { describe, expect, it } from 'vitest'
import { LATENCY_EDGES_MS } from './latency-edges.ts'
import { type LatencyWorld, SAME, SIXTEEN_EDGES, tail, watchLatency } from './latency-simulation.fixture.ts'
import { repeat, shareOf, tableOf } from './simulation.fixture.ts'

const SEED = 20_260_803
const NEVER = Number.POSITIVE_INFINITY

function failedAt(slowdown: LatencyWorld['slowdown'], runs: number, pairs: number) {
  const options = { edges: LATENCY_EDGES_MS, delta: 0, pairs, every: 250, logSafe: NEVER }
  return tableOf(repeat(SEED, runs, (random) => watchLatency(random, { noise: 0.05, slowdown }, options)))
}

describe(`latency over the whole grid (seed ${SEED})`, () => {
  it('does not fail A/A at a margin of 0', () => {
    expect(failedAt(SAME, 15, 2_500).failed).toBe(0)
  })

  it.each([
    ['5 % more for every run', () => 1.05, 1_000],
    ['1 % of runs 5x slower', tail(0.01, 5), 6_000],
  ] as const)('sees %s, which a test of means or ranks does not tell from noise', (_, slowdown, pairs) => {
    expect(failedAt(slowdown, 8, pairs).failed).toBe(1)
  })

  it('clears A/A at 5 pp in hundreds of pairs', () => {
    const options = { edges: LATENCY_EDGES_MS, delta: 0.05, pairs: 2_000, every: 50, logHarm: NEVER }
    const world = { noise: 0.05, slowdown: SAME }
    const { passed, pairsToPass } = tableOf(repeat(SEED, 8, (random) => watchLatency(random, world, options)))
    expect(passed).toBe(1)
    expect(pairsToPass).toBeLessThan(700)
  })

  it('passes no candidate that is 3 pp over on one edge of 16, where the mean over edges would', () => {
    const edges = [...SIXTEEN_EDGES.slice(0, 15).map((edge) => edge / 1_000), 400]
    const options = { edges, delta: 0.05, pairs: 2_000, every: 100, logHarm: NEVER }
    const world = { noise: 0, slowdown: tail(0.08, 1_000) }
    const results = repeat(SEED, 15, (random) => watchLatency(random, world, options))
    expect(shareOf(results.map(({ safe }) => safe !== undefined))).toBe(0)
    expect(shareOf(results.map(({ meanSafe }) => meanSafe !== undefined))).toBe(1)
  })
})
