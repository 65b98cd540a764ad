import { LatencyLedger, LOST_PROPERTY, type RunTimes } from '@understudy/rollout'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addCounterRows } from './evidence-snapshot.ts'

const counted = (pairs: readonly RunTimes[]) => {
  const ledger = new LatencyLedger({ source: 'live', step: 'shadow', gate: 'latency' })
  for (const times of pairs) ledger.admitPair().settle(times)
  return ledger.snapshot().counters
}
/** Rows of edges, without those that say nothing: that all pairs agreed. */
const edges = (rows: ReturnType<typeof addCounterRows>) => {
  const pairs = rows.find(({ property }) => property === LOST_PROPERTY)?.nZero ?? 0
  return rows
    .filter(({ gate, nZero }) => gate === 'latency' && nZero < pairs)
    .sort((one, other) => Number(one.property) - Number(other.property))
    .concat(rows.filter(({ property }) => property === LOST_PROPERTY))
}
const ms = fc.constantFrom(0.5, 3, 40, Number.POSITIVE_INFINITY)
const pairs = fc.array(fc.record({ baselineMs: ms, candidateMs: ms }), { maxLength: 6 })

describe('addCounterRows', () => {
  it('makes of two ledgers of run times what one would have counted, on every edge (property)', () => {
    fc.assert(
      fc.property(pairs, pairs, (before, now) => {
        const first = addCounterRows([], counted(before))
        expect(edges(addCounterRows(first, counted(now)))).toEqual(
          edges(addCounterRows([], counted([...before, ...now]))),
        )
      }),
    )
  })

  it('keeps segments apart', () => {
    const row = { gate: 'errors', property: 'failed', nPlus: 1, nZero: 2, nMinus: 0 }
    const [ch, whole] = [
      { ...row, segment: 'ch' },
      { ...row, segment: '' },
    ]
    expect(addCounterRows([ch, whole], [ch])).toEqual([{ ...ch, nPlus: 2, nZero: 4 }, whole])
  })
})
