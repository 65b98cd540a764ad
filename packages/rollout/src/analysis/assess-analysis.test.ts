import { defaultModelConfig, type OutputComparison, parseModelConfig } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import type { PropertyCounters } from '../evidence/counters.ts'
import { type AnalysisPlan, planAnalysis } from './analysis-plan.ts'
import { assessAnalysis } from './assess-analysis.ts'
import type { Observed } from './observed.ts'

const COMPARISONS: Readonly<Record<string, OutputComparison>> = {
  label: { compare: { kind: 'equal' }, gate: true },
  probabilities: { compare: { kind: 'argmax' }, gate: true },
  score: { compare: { kind: 'tolerance', atol: 1e-5, rtol: 1e-3 }, gate: false },
}
const POLICY = parseModelConfig('rollout: {gates: {disagreement: {budget: 0.05}}}').rollout
const PLAN = planAnalysis(POLICY, COMPARISONS, 1)
const HOUR = 3_600_000

type Counts = readonly [plus: number, zero: number, minus?: number]

function row(gate: string, property: string, [nPlus, nZero, nMinus = 0]: Counts): PropertyCounters {
  return { source: 'live', step: 'shadow', gate, property, nPlus, nZero, nMinus }
}

function counted(errors: Counts, label: Counts, probabilities: Counts = label): readonly PropertyCounters[] {
  return [
    row('errors', 'failed', errors),
    row('disagreement', 'label', label),
    row('disagreement', 'probabilities', probabilities),
    row('disagreement', 'score', [label[0] + label[1], 0]),
  ]
}

function observed(changes: Partial<Observed> = {}): Observed {
  return {
    counters: [],
    histograms: [],
    losses: [],
    minutes: [],
    breach: null,
    elapsedMs: 60_000,
    passed: false,
    ...changes,
  }
}

function lossOf(admitted: number, lost: number) {
  return [{ source: 'live', step: 'shadow', admitted, lost }]
}

const CLEAN = counted([0, 600], [6, 594])
const BROKEN = counted([40, 560], [6, 594])

describe('assessAnalysis', () => {
  it.each<[name: string, observed: Observed, outcome: string, reason: string | null]>([
    ['collects while it has no pairs', observed(), 'collecting', null],
    [
      'collects below the least number of pairs',
      observed({ counters: counted([0, 499], [0, 499]) }),
      'collecting',
      null,
    ],
    [
      'collects where only one gate is cleared',
      observed({ counters: counted([0, 600], [29, 571]) }),
      'collecting',
      null,
    ],
    ['passes when every gate is cleared', observed({ counters: CLEAN }), 'pass', null],
    ['fails errors beyond the margin', observed({ counters: BROKEN }), 'fail', 'errors'],
    [
      'fails disagreement beyond the budget',
      observed({ counters: counted([0, 600], [90, 510]) }),
      'fail',
      'disagreement',
    ],
    [
      'lets a fail beat a pass that was reached before',
      observed({ counters: BROKEN, passed: true }),
      'fail',
      'errors',
    ],
    [
      'keeps a pass that was reached before',
      observed({ counters: counted([0, 600], [40, 560]), passed: true }),
      'pass',
      null,
    ],
    [
      'keeps a pass also when pairs are lost later',
      observed({ counters: CLEAN, losses: lossOf(1_000, 400), passed: true }),
      'pass',
      null,
    ],
    [
      'fails a breach of an invariant without any pair',
      observed({ breach: 'output `label` is missing' }),
      'fail',
      'invariant',
    ],
    [
      'lets a breach beat a pass',
      observed({ counters: CLEAN, breach: 'NaN', passed: true }),
      'fail',
      'invariant',
    ],
    [
      'is at most inconclusive above 5 % of lost pairs',
      observed({ counters: CLEAN, losses: lossOf(1_000, 51) }),
      'inconclusive',
      'shed',
    ],
    [
      'passes with exactly 5 % of lost pairs',
      observed({ counters: CLEAN, losses: lossOf(1_000, 50) }),
      'pass',
      null,
    ],
    [
      'collects on while pairs are lost and nothing is decided',
      observed({ losses: lossOf(20, 10) }),
      'collecting',
      null,
    ],
    [
      'fails also while pairs are lost',
      observed({ counters: BROKEN, losses: lossOf(1_000, 400) }),
      'fail',
      'errors',
    ],
    [
      'has no data when time is up without a pair',
      observed({ elapsedMs: 6 * HOUR }),
      'noData',
      'maxDuration',
    ],
    [
      'blames the platform when all pairs were lost',
      observed({ elapsedMs: 6 * HOUR, losses: lossOf(9, 9) }),
      'inconclusive',
      'shed',
    ],
    [
      'is inconclusive when time is up',
      observed({ counters: counted([0, 40], [0, 40]), elapsedMs: 6 * HOUR }),
      'inconclusive',
      'maxDuration',
    ],
    ['passes at the last moment', observed({ counters: CLEAN, elapsedMs: 6 * HOUR }), 'pass', null],
    [
      'ignores counters of sources that are not asked for',
      observed({ counters: BROKEN.map((one) => ({ ...one, source: 'replay' })) }),
      'collecting',
      null,
    ],
    [
      'ignores a shown output, however much it differs',
      observed({ counters: [...CLEAN, row('disagreement', 'other', [600, 0])] }),
      'pass',
      null,
    ],
  ])('%s', (_, seen, outcome, reason) => {
    expect(assessAnalysis(PLAN, seen)).toMatchObject({ outcome, reason })
  })

  it('takes the worst output for safety: one bad output is not averaged away by a good one', () => {
    const analysis = assessAnalysis(PLAN, observed({ counters: counted([0, 600], [0, 600], [30, 570]) }))
    const gate = analysis.gates.find((one) => one.gate === 'disagreement')
    expect(analysis.outcome).toBe('collecting')
    expect(gate?.worst?.property).toBe('probabilities')
    expect(gate?.logSafe).toBe(gate?.worst?.logSafe)
  })

  it('counts the units of each gate by itself: many rows do not stand for few runs', () => {
    const analysis = assessAnalysis(PLAN, observed({ counters: counted([0, 400], [0, 9_000]) }))
    expect(analysis).toMatchObject({ outcome: 'collecting', pairs: 400 })
  })

  it('sums the counters of several nodes', () => {
    const halves = [...counted([0, 300], [3, 297]), ...counted([0, 300], [3, 297])]
    const whole = assessAnalysis(PLAN, observed({ counters: CLEAN }))
    expect(assessAnalysis(PLAN, observed({ counters: halves }))).toEqual(whole)
  })

  it('waits for the least duration after every gate is cleared', () => {
    const slow: AnalysisPlan = { ...PLAN, minDurationMs: HOUR }
    expect(assessAnalysis(slow, observed({ counters: CLEAN })).outcome).toBe('collecting')
    expect(assessAnalysis(slow, observed({ counters: CLEAN, elapsedMs: HOUR })).outcome).toBe('pass')
  })

  it('judges a later attempt more strictly', () => {
    const counters = counted([0, 522], [0, 522])
    expect(assessAnalysis(PLAN, observed({ counters })).outcome).toBe('pass')
    expect(assessAnalysis({ ...PLAN, attempt: 2 }, observed({ counters })).outcome).toBe('collecting')
  })

  it('asks each deciding gate for its share of the false alarms', () => {
    const harm = assessAnalysis(PLAN, observed()).gates[0]?.thresholds.logHarm ?? 0
    const alone = planAnalysis(defaultModelConfig().rollout, COMPARISONS, 1)
    expect(Math.exp(harm)).toBeCloseTo(200, 6)
    expect(Math.exp(assessAnalysis(alone, observed()).gates[0]?.thresholds.logHarm ?? 0)).toBeCloseTo(100, 6)
  })

  it('averages harm over the steps of the policy, so that a step not begun counts as no evidence', () => {
    const counters = counted([4, 80], [0, 84])
    const harmOf = (plan: AnalysisPlan) => assessAnalysis(plan, observed({ counters })).gates[0]?.logHarm ?? 0
    const one = Math.exp(harmOf(PLAN))
    expect(Math.exp(harmOf({ ...PLAN, steps: ['shadow', 'canary'] }))).toBeCloseTo((one + 1) / 2, 6)
  })

  it('requires every source that the policy names', () => {
    const both = { ...PLAN, sources: ['live', 'replay'] }
    const replayed = CLEAN.map((one) => ({ ...one, source: 'replay' }))
    expect(assessAnalysis(both, observed({ counters: CLEAN })).outcome).toBe('collecting')
    expect(assessAnalysis(both, observed({ counters: [...CLEAN, ...replayed] })).outcome).toBe('pass')
  })

  it('never passes a plan in which no gate decides', () => {
    const nothing = { ...PLAN, gates: [] }
    expect(assessAnalysis(nothing, observed({ counters: CLEAN }))).toMatchObject({
      outcome: 'collecting',
      pairs: 0,
    })
    expect(assessAnalysis(nothing, observed({ elapsedMs: 6 * HOUR })).outcome).toBe('noData')
  })

  it('survives being stored: it is the same after a round through JSON', () => {
    const analysis = assessAnalysis(PLAN, observed({ counters: BROKEN, losses: lossOf(600, 3) }))
    expect(JSON.parse(JSON.stringify(analysis))).toEqual(analysis)
  })
})

describe('the disagreement gate', () => {
  it('is shown and does not decide without a budget', () => {
    const plan = planAnalysis(defaultModelConfig().rollout, COMPARISONS, 1)
    const analysis = assessAnalysis(plan, observed({ counters: counted([0, 600], [500, 100]) }))
    const gate = analysis.gates.find((one) => one.gate === 'disagreement')
    expect(analysis.outcome).toBe('pass')
    expect(gate).toMatchObject({ decides: false, verdict: 'collecting', logHarm: null, forecast: null })
    expect(gate?.worst?.property).toBe('score')
    expect(gate?.worst?.bound).toBeNull()
  })

  it('does not decide when no output is a gate, whatever the budget', () => {
    const shown = { score: { compare: { kind: 'tolerance', atol: 0, rtol: 0 }, gate: false } } as const
    const plan = planAnalysis(POLICY, shown, 1)
    const counters = [row('errors', 'failed', [0, 600]), row('disagreement', 'score', [600, 0])]
    expect(assessAnalysis(plan, observed({ counters })).outcome).toBe('pass')
  })

  it('has no pairs, and no worst output, for a model without outputs to compare', () => {
    const gate = assessAnalysis(planAnalysis(POLICY, {}, 1), observed()).gates[1]
    expect(gate).toMatchObject({ verdict: 'noPairs', worst: null, pairs: 0 })
  })
})

describe('the verdict of one gate', () => {
  it.each<[Counts, string]>([
    [[0, 0], 'noPairs'],
    [[0, 100], 'collecting'],
    [[2, 40], 'collecting'],
    [[4, 60], 'towardFail'],
    [[0, 522], 'pass'],
    [[30, 60], 'fail'],
  ])('of errors %j is %s', (counts, verdict) => {
    const analysis = assessAnalysis(PLAN, observed({ counters: [row('errors', 'failed', counts)] }))
    expect(analysis.gates[0]?.verdict).toBe(verdict)
  })

  it('foretells the least number of pairs where the margin would be cleared before', () => {
    const analysis = assessAnalysis(PLAN, observed({ counters: counted([0, 100], [0, 100]) }))
    expect(analysis.gates.map((gate) => gate.forecast)).toEqual([
      { kind: 'pairs', pairs: 522 },
      { kind: 'pairs', pairs: 500 },
    ])
  })

  it('foretells the fail where evidence goes toward it', () => {
    const gate = assessAnalysis(PLAN, observed({ counters: counted([4, 60], [0, 64]) })).gates[0]
    expect(gate?.verdict).toBe('towardFail')
    expect(gate?.forecast).toEqual({ kind: 'pairs', pairs: 230 })
  })

  it('bounds the errors: at most 0.58 pp more after 1,000 pairs with one failure on each side', () => {
    const gate = assessAnalysis(PLAN, observed({ counters: [row('errors', 'failed', [1, 998, 1])] })).gates[0]
    expect(gate?.worst?.bound).toBeGreaterThan(0.004)
    expect(gate?.worst?.bound).toBeLessThan(0.008)
  })
})
