import { parseModelConfig } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import type { PropertyCounters } from '../evidence/counters.ts'
import { planAnalysis } from './analysis-plan.ts'
import { assessSegments, countFlagged } from './segments.ts'

const COMPARISONS = { label: { compare: { kind: 'equal' }, gate: true } } as const
const PLAN = planAnalysis(
  parseModelConfig('rollout: {gates: {disagreement: {budget: 0.05}}}').rollout,
  COMPARISONS,
  1,
)

function row(segment: string, nPlus: number, nZero: number, gate = 'errors'): PropertyCounters {
  const property = gate === 'errors' ? 'failed' : 'label'
  return { source: 'live', step: 'shadow', gate, property, segment, nPlus, nZero, nMinus: 0 }
}

describe('assessSegments', () => {
  it('is empty where nothing is split', () => {
    expect(assessSegments(PLAN, [row('', 50, 50)])).toEqual([])
    expect(assessSegments(PLAN, [])).toEqual([])
  })

  it('finds the one tenant for whom the candidate fails, among many for whom it does not', () => {
    const healthy = Array.from({ length: 19 }, (_, index) => row(`tenant-${index}`, 1, 199))
    const [first, ...others] = assessSegments(PLAN, [...healthy, row('broken', 30, 170)])
    expect(first).toMatchObject({
      segment: 'broken',
      gate: 'errors',
      source: 'live',
      pairs: 200,
      flagged: true,
    })
    expect(others).toHaveLength(19)
    expect(others.every((one) => !one.flagged)).toBe(true)
  })

  it('judges requests without the header as a segment of their own, and sums nodes', () => {
    const segments = assessSegments(PLAN, [row('', 5, 45), row('', 5, 45), row('a', 0, 10)])
    expect(segments.find((one) => one.segment === '')).toMatchObject({ counters: { nPlus: 10 }, pairs: 100 })
  })

  it('asks for disagreement only where there is a budget', () => {
    const rows = [row('a', 40, 60, 'disagreement'), row('b', 0, 100, 'disagreement')]
    expect(assessSegments(PLAN, rows).map(({ gate }) => gate)).toEqual(['disagreement', 'disagreement'])
    const without = planAnalysis(parseModelConfig('').rollout, COMPARISONS, 1)
    expect(assessSegments(without, rows)).toEqual([])
  })
})

describe('countFlagged', () => {
  it('is the largest k of which the k-th e-value is at least m / (k·α)', () => {
    const logs = (...values: number[]) => values.map(Math.log)
    expect(countFlagged([])).toBe(0)
    expect(countFlagged(logs(19))).toBe(0)
    expect(countFlagged(logs(20.001))).toBe(1)
    expect(countFlagged(logs(39, 1))).toBe(0)
    // Neither stands out alone, but both do together.
    expect(countFlagged(logs(30, 25))).toBe(2)
  })
})
