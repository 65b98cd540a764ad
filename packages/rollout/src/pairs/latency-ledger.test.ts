import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addEdges } from '../evidence/edge-counters.ts'
import { LATENCY_EDGES_MS, latencyProperty } from '../evidence/latency-edges.ts'
import { LatencyLedger, type LatencyLedgerOptions } from './latency-ledger.ts'

const { POSITIVE_INFINITY: INF } = Number

function ledgerOf(options: Partial<LatencyLedgerOptions> = {}): LatencyLedger {
  return new LatencyLedger({ source: 'live', step: 'shadow', gate: 'latency', ...options })
}

type Times = readonly [baselineMs: number, candidateMs: number]

function ledgerWith(...pairs: readonly Times[]): LatencyLedger {
  const ledger = ledgerOf()
  for (const [baselineMs, candidateMs] of pairs) ledger.admitPair().settle({ baselineMs, candidateMs })
  return ledger
}

/** The counters of an edge, [n+, n0, n-], as the analysis reads them. */
function at(ledger: LatencyLedger, edgeMs: number): readonly number[] {
  const rows = ledger.snapshot().counters.filter((row) => row.gate === 'latency')
  const edge = addEdges(rows).find(({ property }) => property === latencyProperty(edgeMs))
  return edge ? [edge.counters.nPlus, edge.counters.nZero, edge.counters.nMinus] : []
}

const EDGE_MS = LATENCY_EDGES_MS[40] ?? 0

describe('the grid of edges', () => {
  it('is geometric, from 0.02 ms to at least 20 s, and its properties are its numbers', () => {
    expect(LATENCY_EDGES_MS[0]).toBe(0.02)
    expect(LATENCY_EDGES_MS.at(-1)).toBeGreaterThanOrEqual(20_000)
    for (const [index, edge] of LATENCY_EDGES_MS.slice(1).entries()) {
      expect(edge / (LATENCY_EDGES_MS[index] ?? 0)).toSatisfy((ratio: number) => ratio > 1.18 && ratio < 1.22)
      expect(Number(latencyProperty(edge))).toBe(edge)
    }
    expect(new Set(LATENCY_EDGES_MS.map(latencyProperty)).size).toBe(LATENCY_EDGES_MS.length)
  })
})

describe('LatencyLedger', () => {
  it('counts on each edge which run alone is longer; a run as long as the edge is not', () => {
    const ledger = ledgerWith([EDGE_MS, EDGE_MS * 1.01], [EDGE_MS * 1.01, EDGE_MS], [1, 1])
    expect(at(ledger, EDGE_MS)).toEqual([1, 1, 1])
    expect(at(ledger, LATENCY_EDGES_MS[41] ?? 0)).toEqual([0, 3, 0])
    expect(at(ledger, LATENCY_EDGES_MS[0] ?? 0)).toEqual([0, 3, 0])
  })

  it('counts a run that was ended as slower than every edge', () => {
    const ledger = ledgerWith([1, INF])
    const rows = addEdges(ledger.snapshot().counters.filter((row) => row.gate === 'latency'))
    expect(rows.map(({ counters }) => counters.nPlus)).toEqual(
      LATENCY_EDGES_MS.map((edgeMs) => Number(edgeMs >= 1)),
    )
    expect(at(ledgerWith([INF, INF]), EDGE_MS)).toEqual([0, 1, 0])
  })

  it('names only the first edge and those on which some pair disagreed', () => {
    const latency = ledgerWith([1, 1], [1, 1]).snapshot().counters
    expect(latency.map(({ property }) => property)).toEqual(['0.02', 'lost'])
    const ended = ledgerWith([1, 1], [1, INF])
      .snapshot()
      .counters.filter((row) => row.gate === 'latency')
    expect(ended).toHaveLength(2 + LATENCY_EDGES_MS.filter((edge) => edge >= 1).length)
  })

  it('says how many runs of each version are above an edge, beside what decides', () => {
    const ledger = ledgerWith([EDGE_MS * 2, EDGE_MS * 2], [1, EDGE_MS * 1.01], [1, 1])
    expect(ledger.snapshot().counters).toContainEqual({
      source: 'live',
      step: 'shadow',
      gate: 'runTimes',
      property: latencyProperty(EDGE_MS),
      segment: '',
      nPlus: 2,
      nZero: 0,
      nMinus: 1,
    })
  })

  it('counts for a calibration by the same edges, under a gate that never decides', () => {
    const ledger = ledgerOf({ gate: 'calibration' })
    ledger.admitPair().settle({ baselineMs: 1, candidateMs: 2 })
    expect(new Set(ledger.snapshot().counters.map(({ gate }) => gate))).toEqual(new Set(['calibration']))
  })

  it('counts in order of admission: nothing before all earlier pairs are settled or lost', () => {
    const ledger = ledgerOf()
    const [slow, lost, fast] = [ledger.admitPair(), ledger.admitPair(), ledger.admitPair()]
    fast.settle({ baselineMs: 1, candidateMs: 1 })
    lost.lose()
    expect(ledger.snapshot()).toEqual({ seq: 0, counters: [], admitted: 0, lost: 0 })
    slow.settle({ baselineMs: 1, candidateMs: 99 })
    expect(ledger.snapshot()).toMatchObject({ seq: 3, admitted: 3, lost: 1 })
    expect(at(ledger, EDGE_MS)).toEqual([1, 1, 0])
  })

  it('counts what the platform lost, also where nothing else is known', () => {
    const ledger = ledgerOf()
    ledger.admitPair().lose()
    const lost = ledger.snapshot().counters.find(({ property }) => property === 'lost')
    expect(lost).toMatchObject({ gate: 'latency', nPlus: 1, nZero: 0, nMinus: 0 })
  })

  it('ignores what is said of a pair after it was closed, and loses pairs beyond what it holds', () => {
    const ledger = ledgerOf({ openPairsMax: 1 })
    const [first, second] = [ledger.admitPair(), ledger.admitPair()]
    second.settle({ baselineMs: 1, candidateMs: 99 })
    first.settle({ baselineMs: 1, candidateMs: 1 })
    first.lose()
    expect(ledger.snapshot()).toMatchObject({ seq: 2, admitted: 2, lost: 1 })
    expect(at(ledger, EDGE_MS)).toEqual([0, 1, 0])
  })

  it('counts the same whatever the order in which pairs settle, and every pair on every edge (property)', () => {
    const time = fc.double({ min: 0, max: 30_000, noNaN: true })
    const pair = fc.record({
      baselineMs: time,
      candidateMs: fc.oneof(time, fc.constant(INF)),
      rank: fc.integer(),
    })
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 30 }), (pairs) => {
        const settled = (order: readonly number[]) => {
          const ledger = ledgerOf()
          const slots = pairs.map(() => ledger.admitPair())
          for (const index of order) {
            const times = pairs[index]
            if (times) slots[index]?.settle(times)
          }
          return ledger
        }
        const inOrder = pairs.map((_, index) => index)
        const shuffled = [...inOrder].sort((a, b) => (pairs[a]?.rank ?? 0) - (pairs[b]?.rank ?? 0))
        const ledger = settled(inOrder)
        expect(JSON.stringify(settled(shuffled).snapshot())).toBe(JSON.stringify(ledger.snapshot()))
        for (const edgeMs of [LATENCY_EDGES_MS[0] ?? 0, EDGE_MS, LATENCY_EDGES_MS.at(-1) ?? 0]) {
          const plus = pairs.filter((one) => one.candidateMs > edgeMs && one.baselineMs <= edgeMs).length
          const minus = pairs.filter((one) => one.baselineMs > edgeMs && one.candidateMs <= edgeMs).length
          expect(at(ledger, edgeMs)).toEqual([plus, pairs.length - plus - minus, minus])
        }
      }),
      { numRuns: 40 },
    )
  })
})
