import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PropertyCounters } from '../evidence/counters.ts'
import { logE } from '../evidence/log-e.ts'
import { LatencyLedger } from './latency-ledger.ts'
import { PairLedger } from './pair-ledger.ts'

/** One flush of a process: absolute values with a number that grows. */
interface Flush {
  readonly node: number
  readonly seq: number
  readonly counters: readonly PropertyCounters[]
}

/** What a store keeps: per process the flush with the highest number. */
function kept(flushes: readonly Flush[]): ReadonlyMap<number, Flush> {
  const newest = new Map<number, Flush>()
  for (const flush of flushes) {
    const known = newest.get(flush.node)
    if (known === undefined || flush.seq > known.seq) newest.set(flush.node, flush)
  }
  return newest
}

function totals(flushes: readonly Flush[]): Readonly<Record<string, readonly [number, number, number]>> {
  const sums: Record<string, readonly [number, number, number]> = {}
  for (const { counters } of kept(flushes).values()) {
    for (const { gate, property, nPlus, nZero, nMinus } of counters) {
      const [plus, zero, minus] = sums[`${gate} ${property}`] ?? [0, 0, 0]
      sums[`${gate} ${property}`] = [plus + nPlus, zero + nZero, minus + nMinus]
    }
  }
  return sums
}

/** Every flush of a process that settles these runs, one flush after each. */
function flushesOf(node: number, failures: readonly boolean[]): readonly Flush[] {
  const answers = new PairLedger({ source: 'live', step: 'shadow', salt: `node-${node}`, examples: 0 })
  const times = new LatencyLedger({ source: 'live', step: 'shadow', gate: 'latency' })
  return failures.map((candidateFailed, index) => {
    const requestId = `r${node}-${index}`
    const side = { outputs: [] }
    const comparison = {
      requestId,
      rows: 1,
      baselineFailed: false,
      candidateFailed,
      outputs: [],
      breach: null,
    }
    answers.admitRun([{ requestId, segment: '' }], 0).settle({
      comparisons: [{ ...comparison, shownRow: 0, baseline: side, candidate: side }],
      candidateRunMs: 1,
    })
    times.admitPair().settle({ baselineMs: 1, candidateMs: candidateFailed ? Number.POSITIVE_INFINITY : 1 })
    const [one, other] = [answers.snapshot(), times.snapshot()]
    return { node, seq: one.seq + other.seq, counters: [...one.counters, ...other.counters] }
  })
}

const nodes = fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }), {
  minLength: 1,
  maxLength: 3,
})

describe('flushes', () => {
  it('that are repeated or come in another order change nothing (property)', () => {
    fc.assert(
      fc.property(nodes, fc.gen(), (all, draw) => {
        const flushes = all.flatMap((failures, node) => flushesOf(node, failures))
        const again = [...flushes, ...flushes].sort(() => draw(fc.integer, { min: -1, max: 1 }))
        expect(totals(again)).toEqual(totals(flushes))
      }),
      { numRuns: 40 },
    )
  })

  it('that are lost in a crash leave a shorter past of the same process, and no other evidence (property)', () => {
    fc.assert(
      fc.property(nodes, fc.nat({ max: 12 }), (all, lost) => {
        const [first = [], ...others] = all
        const survived = first.slice(0, Math.max(0, first.length - lost))
        const stored = flushesOf(0, first).slice(0, survived.length)
        const rest = others.flatMap((failures, index) => flushesOf(index + 1, failures))
        expect(totals([...stored, ...rest])).toEqual(totals([...flushesOf(0, survived), ...rest]))
      }),
      { numRuns: 40 },
    )
  })

  it('make evidence of counters that only ever grow, pair by pair', () => {
    const flushes = flushesOf(0, [false, true, false])
    const errors = flushes.map(({ counters }) => counters.find(({ gate }) => gate === 'errors'))
    expect(errors.map((row) => row && [row.nPlus, row.nZero, row.nMinus])).toEqual([
      [0, 1, 0],
      [1, 1, 0],
      [1, 2, 0],
    ])
    for (const row of errors) expect(row && Number.isFinite(logE(row, 0.01, 'safe'))).toBe(true)
  })
})
