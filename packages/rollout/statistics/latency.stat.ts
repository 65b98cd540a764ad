import { describe, expect, it } from 'vitest'
import { assessCalibration } from '../src/evidence/calibration.ts'
import { LATENCY_EDGES_MS } from '../src/evidence/latency-edges.ts'
import {
  drawRunTimes,
  type LatencyWatch,
  type LatencyWorld,
  SAME,
  SIXTEEN_EDGES,
  tail,
  watchLatency,
} from '../src/evidence/latency-simulation.fixture.ts'
import { pairsNeeded } from '../src/evidence/pairs-needed.ts'
import { repeat, shareOf, tableOf } from '../src/evidence/simulation.fixture.ts'
import { LatencyLedger } from '../src/pairs/latency-ledger.ts'
import { note } from './figures.ts'

const SEED = 20_261_202
const RUNS = 400
const NEVER = Number.POSITIVE_INFINITY

interface Simulation extends Partial<LatencyWatch> {
  readonly runs?: number
  readonly noise?: number
}

function simulate(name: string, slowdown: LatencyWorld['slowdown'], simulation: Simulation = {}) {
  const { runs = RUNS, noise = 0.05, ...watch } = simulation
  const options = {
    edges: SIXTEEN_EDGES,
    delta: 0.05,
    harmDelta: 0,
    pairs: 10_000,
    every: 100,
    logSafe: NEVER,
    ...watch,
  }
  const results = repeat(SEED, runs, (random) => watchLatency(random, { noise, slowdown }, options))
  const table = tableOf(results)
  note(name, { ...table, passedByMean: shareOf(results.map(({ meanSafe }) => meanSafe !== undefined)) })
  return table
}

describe(`power of latency at a margin of 0 (seed ${SEED}, ${RUNS} runs of 10,000 pairs)`, () => {
  it.each([
    ['A/A', SAME, 0, 0.01],
    ['+3 %', () => 1.03, 1, 1],
    ['+5 %', () => 1.05, 1, 1],
    ['+10 %', () => 1.1, 1, 1],
    ['1 % of runs 5x slower', tail(0.01, 5), 0.99, 1],
    ['0.3 % of runs 8x slower', tail(0.003, 8), 0.9, 1],
  ] as const)('of %s, averaged over 16 edges', (name, slowdown, least, most) => {
    const { failed } = simulate(`latency ${name}, 16 edges`, slowdown)
    expect(failed).toBeGreaterThanOrEqual(least)
    expect(failed).toBeLessThanOrEqual(most)
  })

  it.each([
    ['A/A', SAME, 0, 0.01],
    ['+5 %', () => 1.05, 1, 1],
    ['1 % of runs 5x slower', tail(0.01, 5), 0.98, 1],
    ['0.3 % of runs 8x slower', tail(0.003, 8), 0.8, 1],
  ] as const)('of %s, averaged over the whole grid of the platform', (name, slowdown, least, most) => {
    const { failed } = simulate(`latency ${name}, whole grid`, slowdown, {
      edges: LATENCY_EDGES_MS,
      runs: 200,
    })
    expect(failed).toBeGreaterThanOrEqual(least)
    expect(failed).toBeLessThanOrEqual(most)
  })
})

describe(`the margin of latency (seed ${SEED})`, () => {
  it('passes no candidate that is 3 pp over on one edge, where the mean over edges passes each', () => {
    // One edge among the slow runs only: a tail longer than that edge, of the margin and 3 pp.
    const edges = [...SIXTEEN_EDGES.slice(0, 15).map((edge) => edge / 1_000), 400]
    const options = { edges, delta: 0.05, pairs: 5_000, every: 50, logHarm: NEVER }
    const results = repeat(SEED, 500, (random) =>
      watchLatency(random, { noise: 0, slowdown: tail(0.08, 1_000) }, options),
    )
    const minimum = shareOf(results.map(({ safe }) => safe !== undefined))
    const mean = shareOf(results.map(({ meanSafe }) => meanSafe !== undefined))
    note('3 pp over on one of 16 edges', { passedByMinimum: minimum, passedByMean: mean })
    expect(minimum).toBe(0)
    expect(mean).toBe(1)
  })

  it.each([
    [0.05, 0.01, 16_000],
    [0.2, 0.01, 40_000],
    [0.05, 0.05, 600],
    [0.2, 0.05, 1_800],
  ])(
    'is cleared by runs that differ by %d at random at %d after at most about %i pairs',
    (noise, delta, most) => {
      const watch = { edges: LATENCY_EDGES_MS, delta, logHarm: NEVER, logSafe: Math.log(20) }
      const runs = { noise, runs: 40, pairs: 3 * most, every: Math.max(20, most / 80) }
      const { passed, pairsToPass } = simulate(`A/A, noise ${noise}, margin ${delta}`, SAME, {
        ...watch,
        ...runs,
      })
      const expected = pairsNeeded(delta, { noiseShare: noiseOf(noise) }) ?? NEVER
      note(`  foretold from a calibration`, { pairs: expected })
      expect(passed).toBe(1)
      expect(pairsToPass).toBeLessThan(1.3 * most)
      expect(pairsToPass).toSatisfy((pairs: number) => pairs > expected / 1.3 && pairs < expected * 1.3)
    },
  )
})

/** What a calibration of 20,000 pairs measures. */
function noiseOf(noise: number): number {
  const ledger = new LatencyLedger({ source: 'live', step: 'shadow', gate: 'calibration' })
  repeat(SEED, 20_000, (random) => {
    const [baselineMs, candidateMs] = drawRunTimes(random, { noise, slowdown: SAME })
    ledger.admitPair().settle({ baselineMs, candidateMs })
  })
  return assessCalibration(ledger.snapshot().counters).noiseShare
}
