import { describe, expect, it } from 'vitest'
import { LatencyLedger } from '../pairs/latency-ledger.ts'
import { assessCalibration } from './calibration.ts'
import { addEdges } from './edge-counters.ts'
import { LATENCY_EDGES_MS } from './latency-edges.ts'
import { pairsNeeded } from './pairs-needed.ts'
import { seededRandom } from './seeded-random.fixture.ts'

const SEED = 20_261_101

/** Rows of one node that ran the same version twice: `bias` slows down the second run. */
function calibrated(node: number, pairs: number, bias = 1) {
  const random = seededRandom(SEED + node)
  const ledger = new LatencyLedger({ source: 'live', step: 'shadow', gate: 'calibration' })
  for (let pair = 0; pair < pairs; pair++) {
    const base = 10 * (1 + random())
    ledger
      .admitPair()
      .settle({ baselineMs: base * (1 + 0.1 * random()), candidateMs: base * (1 + 0.1 * random()) * bias })
  }
  return ledger.snapshot().counters
}

describe(`assessCalibration (seed ${SEED})`, () => {
  it('knows nothing without pairs, and finds no fault', () => {
    expect(assessCalibration([])).toEqual({ pairs: 0, healthy: true, noiseShare: 0, worstEdgeMs: null })
  })

  it('calls a comparator healthy that prefers no side, and measures its noise over all nodes', () => {
    const assessed = assessCalibration([...calibrated(1, 1_000), ...calibrated(2, 500)])
    expect(assessed).toMatchObject({ pairs: 1_500, healthy: true })
    expect(assessed.noiseShare).toBeGreaterThan(0.03)
    expect(assessed.noiseShare).toBeLessThan(0.2)
    expect(LATENCY_EDGES_MS).toContain(assessed.worstEdgeMs)
    expect(assessed.worstEdgeMs).toBeGreaterThan(9)
    expect(assessed.worstEdgeMs).toBeLessThan(25)
  })

  it.each([1.05, 0.95])('calls one unhealthy that prefers a side, either side (x %d)', (bias) => {
    expect(assessCalibration(calibrated(1, 3_000, bias)).healthy).toBe(false)
  })

  it('looks at its own rows only', () => {
    const rows = calibrated(1, 3_000, 2).map((row) => ({ ...row, gate: 'latency' }))
    expect(assessCalibration(rows)).toMatchObject({ pairs: 0, healthy: true })
  })
})

describe('addEdges', () => {
  const row = (property: string, nPlus: number, nZero: number) => ({
    source: 'live',
    step: 'shadow',
    gate: 'latency',
    property,
    nPlus,
    nZero,
    nMinus: 0,
  })

  it('gives an edge that a node does not name all the pairs of that node, without discordance', () => {
    const [edge = 0, other = 0] = [LATENCY_EDGES_MS[30], LATENCY_EDGES_MS[31]]
    const nodes = [row('0.02', 0, 100), row(String(edge), 3, 97), row('0.02', 0, 50), row('lost', 9, 150)]
    const edges = addEdges(nodes)
    expect(edges).toHaveLength(LATENCY_EDGES_MS.length)
    expect(edges[30]?.counters).toEqual({ nPlus: 3, nZero: 147, nMinus: 0 })
    expect(edges[31]).toEqual({ property: String(other), counters: { nPlus: 0, nZero: 150, nMinus: 0 } })
  })
})

describe('pairsNeeded', () => {
  it.each([
    [0.01, 522],
    [0.005, 1_047],
    [0.001, 5_245],
  ])('is for a margin of %d without noise %i', (margin, pairs) => {
    expect(pairsNeeded(margin)).toBe(pairs)
  })

  it('grows with noise and with every attempt, and says so where it never ends', () => {
    expect(pairsNeeded(0.05, { noiseShare: 0.2 })).toBeGreaterThan(300)
    expect(pairsNeeded(0.01, { noiseShare: 0.2 })).toBeGreaterThan(
      5 * (pairsNeeded(0.05, { noiseShare: 0.2 }) ?? 0),
    )
    expect(pairsNeeded(0.01, { attempt: 2 })).toBeGreaterThan(522)
    expect(pairsNeeded(0.000_1, { noiseShare: 1 })).toBeNull()
  })
})
