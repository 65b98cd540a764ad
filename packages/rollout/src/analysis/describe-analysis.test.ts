import { parseModelConfig } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { planAnalysis } from './analysis-plan.ts'
import { assessAnalysis } from './assess-analysis.ts'
import { describeAnalysis } from './describe-analysis.ts'
import { describeBound } from './describe-gate.ts'
import type { Observed } from './observed.ts'

const PLAN = planAnalysis(
  parseModelConfig('rollout: {gates: {disagreement: {budget: 0.05}}}').rollout,
  { label: { compare: { kind: 'equal' }, gate: true } },
  1,
)
const CONTEST = { model: 'iris', candidate: 2, baseline: 1 }
const HOUR = 3_600_000

type Counts = readonly [plus: number, zero: number, minus?: number]

function analysis(errors: Counts, label: Counts, changes: Partial<Observed> = {}) {
  const row = (gate: string, property: string, [nPlus, nZero, nMinus = 0]: Counts) => ({
    source: 'live',
    step: 'shadow',
    gate,
    property,
    nPlus,
    nZero,
    nMinus,
  })
  return assessAnalysis(PLAN, {
    counters: [row('errors', 'failed', errors), row('disagreement', 'label', label)],
    histograms: [],
    losses: [],
    minutes: [],
    breach: null,
    elapsedMs: 20 * 60_000,
    passed: false,
    ...changes,
  })
}

describe('describeAnalysis', () => {
  it.each([
    [
      'a pass',
      analysis([0, 2_450], [10, 2_440]),
      'Pass: v2 is not worse than v1 by more than your margins, after 2,450 pairs.',
    ],
    [
      'errors',
      analysis([40, 560, 2], [0, 600]),
      'Fail: v2 fails more often than v1, beyond the margin of 1 pp (only v2 failed: 40, only v1: 2, of 602 pairs).',
    ],
    [
      'disagreement',
      analysis([0, 600], [90, 510]),
      'Fail: v2 disagrees with v1 on `label` in 90 of 600 pairs, beyond the budget of 5 %.',
    ],
    [
      'an invariant',
      analysis([0, 1], [0, 1], { breach: 'output `label` is int32, expected int64' }),
      'Fail: v2 broke an invariant: output `label` is int32, expected int64',
    ],
    [
      'lost pairs',
      analysis([0, 600], [0, 600], {
        losses: [{ source: 'live', step: 'shadow', admitted: 1_000, lost: 61 }],
      }),
      'Inconclusive: 6.1 % of pairs were lost by the platform (limit 5 %). The evidence so far is below; you decide.',
    ],
    [
      'time that is up',
      analysis([0, 312], [0, 600], { elapsedMs: 6 * HOUR }),
      'Inconclusive: errors not decided after 312 pairs in 6 h. The evidence so far is below; you decide.',
    ],
    [
      'no data',
      analysis([0, 0], [0, 0], { elapsedMs: 6 * HOUR }),
      'No data: 0 of 500 pairs in 6 h, nobody calls iris. Drive traffic: `npx --no-install understudy predict iris --golden --rate 50 --for 60s`',
    ],
    [
      'nobody calling so far',
      analysis([0, 0], [0, 0]),
      'Collecting. No pairs yet of 500, nobody calls iris. Drive traffic: `npx --no-install understudy predict iris --golden --rate 50 --for 60s`',
    ],
    [
      'progress',
      analysis([0, 212], [2, 210]),
      'Collecting. Errors: 212 pairs, decides at about 522 if this goes on; disagreement: 212 pairs, decides at about 500 if this goes on.',
    ],
    ['the first pairs', analysis([0, 12], [0, 600]), 'Collecting. Errors: 12 pairs, too early to say.'],
    [
      'evidence toward fail',
      analysis([4, 60], [0, 600]),
      'Collecting. Errors: 64 pairs, goes toward fail and fails at about 230 if this goes on.',
    ],
    [
      'a candidate at its margin',
      analysis([2, 198], [0, 600]),
      'Collecting. Errors: 200 pairs, stays at its margin and does not decide at this rate.',
    ],
  ])('says %s in words', (_, input, sentence) => {
    expect(describeAnalysis(input, CONTEST)).toBe(sentence)
  })

  it('names what it waits for when only the least duration is missing', () => {
    const waiting = { ...analysis([0, 600], [0, 600]), outcome: 'collecting' as const, minDurationMs: HOUR }
    expect(describeAnalysis(waiting, CONTEST)).toBe(
      'Collecting. Every gate is cleared after 600 pairs; the least duration ends in 40 min.',
    )
  })

  it('speaks of live where no baseline is known, and stays true without a failed gate at hand', () => {
    const bare = { ...analysis([40, 560], [0, 600]), gates: [] }
    expect(describeAnalysis(bare, { ...CONTEST, baseline: null })).toBe('Fail: v2 is worse than live.')
    const stuck = { ...bare, outcome: 'inconclusive' as const, reason: 'maxDuration' as const }
    expect(describeAnalysis(stuck, CONTEST)).toMatch(/^Inconclusive: not decided after/)
  })
})

describe('describeBound', () => {
  const bounds = (errors: Counts, label: Counts) => analysis(errors, label).gates.map(describeBound)

  it('says in plain words how much worse the candidate can be', () => {
    expect(bounds([0, 5_245], [30, 2_000])).toEqual([
      'at most 0.1 pp more errors',
      expect.stringMatching(/^at most 2\.\d % of answers differ$/),
    ])
  })

  it('says when there is none, and when none is needed', () => {
    expect(bounds([0, 0], [0, 0])).toEqual(['no bound yet', 'no bound yet'])
    expect(bounds([0, 100, 60], [0, 100])[0]).toBe('no more errors')
  })
})
