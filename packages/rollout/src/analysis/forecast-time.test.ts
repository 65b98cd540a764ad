import { parseModelConfig } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { planAnalysis } from './analysis-plan.ts'
import { assessAnalysis } from './assess-analysis.ts'
import { timeToDecision } from './forecast-time.ts'
import type { Observed } from './observed.ts'

const COMPARISONS = { label: { compare: { kind: 'equal' }, gate: true } } as const

type Counts = readonly [plus: number, zero: number]

function analysis(errors: Counts, label: Counts, changes: Partial<Observed> = {}, shadow = '') {
  const policy = parseModelConfig(`rollout: {gates: {disagreement: {budget: 0.05}}, shadow: {${shadow}}}`)
  const row = (gate: string, property: string, [nPlus, nZero]: Counts) => ({
    source: 'live',
    step: 'shadow',
    gate,
    property,
    nPlus,
    nZero,
    nMinus: 0,
  })
  return assessAnalysis(planAnalysis(policy.rollout, COMPARISONS, 1), {
    counters: [row('errors', 'failed', errors), row('disagreement', 'label', label)],
    histograms: [],
    losses: [],
    minutes: [],
    breach: null,
    elapsedMs: 1_000,
    passed: false,
    ...changes,
  })
}

describe('timeToDecision', () => {
  it('is the time of the gate that takes longest, at its part of the rate', () => {
    // 422 pairs are missing for errors, 300 for disagreement, which gets two pairs for each run.
    expect(timeToDecision(analysis([0, 100], [0, 200]), 10)).toBe(42_200)
    expect(timeToDecision(analysis([0, 300], [0, 60]), 10)).toBe(220_000)
  })

  it('is the time of the first failure where a gate goes toward fail', () => {
    expect(timeToDecision(analysis([4, 60], [0, 64]), 10)).toBeGreaterThan(10_000)
    expect(timeToDecision(analysis([4, 60], [0, 64]), 10)).toBeLessThan(30_000)
  })

  it('is at least the rest of the least duration', () => {
    expect(timeToDecision(analysis([0, 600], [0, 600], {}, 'minDuration: 1m'), 10)).toBe(59_000)
  })

  it.each([
    ['without a rate', timeToDecision(analysis([0, 100], [0, 100]), 0)],
    ['too early to say', timeToDecision(analysis([0, 10], [0, 10]), 10)],
    ['of a gate at its margin', timeToDecision(analysis([2, 198], [0, 200]), 10)],
    ['of what is decided', timeToDecision(analysis([0, 600], [0, 600]), 10)],
  ])('is unknown %s', (_, time) => {
    expect(time).toBeNull()
  })
})
