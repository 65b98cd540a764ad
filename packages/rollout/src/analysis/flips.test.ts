import { type OutputComparison, parseModelConfig } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import type { Counters, PropertyCounters } from '../evidence/counters.ts'
import { logE } from '../evidence/log-e.ts'
import { LOG_20, repeat, shareOf } from '../evidence/simulation.fixture.ts'
import { planAnalysis } from './analysis-plan.ts'
import { assessAnalysis, assessCounted } from './assess-analysis.ts'
import { assessFlips } from './flips.ts'
import type { Observed } from './observed.ts'

const COMPARISONS = (gate: boolean): Readonly<Record<string, OutputComparison>> => ({
  score: { compare: { kind: 'threshold', at: 0.5 }, gate },
})

function planOf(rollout: string, gate = true) {
  return planAnalysis(parseModelConfig(`rollout: {${rollout}}`).rollout, COMPARISONS(gate), 1)
}

const PLAN = planOf('gates: {disagreement: {budget: 0.05}}, canary: [5]')

type Counts = readonly [up: number, neither: number, down: number]

function row(gate: string, [nPlus, nZero, nMinus]: Counts, at: Partial<PropertyCounters> = {}) {
  const property = gate === 'errors' ? 'failed' : 'score'
  return { source: 'live', step: 'shadow', gate, property, segment: '', nPlus, nZero, nMinus, ...at }
}

const counters = ([nPlus, nZero, nMinus]: Counts): Counters => ({ nPlus, nZero, nMinus })

function observed(rows: readonly PropertyCounters[]): Observed {
  const rest = { histograms: [], losses: [], minutes: [], breach: null, elapsedMs: 60_000, passed: false }
  return { counters: rows, ...rest }
}

describe('assessFlips', () => {
  it('is empty where no output is compared with a threshold, and where only an earlier release counted', () => {
    expect(assessFlips(PLAN, [])).toEqual([])
    expect(assessFlips(PLAN, [row('errors', [0, 900, 0]), row('disagreement', [40, 860, 0])])).toEqual([])
  })

  it('sums nodes, steps and segments, and only what is of its source', () => {
    const rows = [
      row('flips', [3, 90, 1]),
      row('flips', [4, 90, 2]),
      row('flips', [5, 90, 3], { step: 'canary-5', segment: 'de' }),
      row('flips', [900, 0, 0], { source: 'replay' }),
      row('flips', [900, 0, 0], { step: 'a step of no plan' }),
    ]
    expect(assessFlips(PLAN, rows)).toMatchObject([
      { source: 'live', output: 'score', threshold: 0.5, counters: counters([12, 270, 6]), pairs: 288 },
    ])
  })

  it('knows no threshold where the analysis was planned by an earlier release', () => {
    const gates = PLAN.gates.map((gate) => ({
      ...gate,
      properties: gate.properties.map(({ property, decides }) => ({ property, decides })),
    }))
    expect(assessFlips({ ...PLAN, gates }, [row('flips', [3, 90, 1])])).toMatchObject([{ threshold: null }])
  })

  it('keeps outputs and sources apart', () => {
    const plan = planOf('shadow: {require: [live, replay]}')
    const rows = [
      row('flips', [1, 9, 0], { property: 'risk' }),
      row('flips', [2, 8, 0]),
      row('flips', [3, 7, 0], { source: 'replay' }),
    ]
    expect(
      assessFlips(plan, rows).map(({ source, output, counters: sum }) => [source, output, sum.nPlus]),
    ).toEqual([
      ['live', 'risk', 1],
      ['live', 'score', 2],
      ['replay', 'score', 3],
    ])
  })

  it('gives the e-value of the counters that it shows: the mean of both directions at a margin of 0', () => {
    const counts = counters([30, 900, 8])
    const turned = counters([8, 900, 30])
    const mean = (Math.exp(logE(counts, 0, 'harm')) + Math.exp(logE(turned, 0, 'harm'))) / 2
    const [flips] = assessFlips(PLAN, [row('flips', [30, 900, 8])])
    expect(Math.exp(flips?.logDiffers ?? 0)).toBeCloseTo(mean, 9)
  })

  it('has no evidence where as many rows go up as down, however many, and much where one way prevails', () => {
    const logOf = (counts: Counts) => assessFlips(PLAN, [row('flips', counts)])[0]?.logDiffers ?? 0
    expect(logOf([0, 5_000, 0])).toBe(0)
    expect(logOf([100, 4_800, 100])).toBeLessThan(0)
    expect(logOf([40, 4_950, 10])).toBeGreaterThan(Math.log(20))
    expect(logOf([10, 4_950, 40])).toBeCloseTo(logOf([40, 4_950, 10]), 12)
  })
})

/** Whether the e-value ever reaches 20 within 2,000 rows, looked at every 20, where these shares of rows go up and down. */
function everDiffers(random: () => number, [up, down]: readonly [number, number]): boolean {
  const counts = { nPlus: 0, nZero: 0, nMinus: 0 }
  for (let pair = 1; pair <= 2_000; pair++) {
    const draw = random()
    if (draw < up) counts.nPlus++
    else if (draw < up + down) counts.nMinus++
    else counts.nZero++
    if (pair % 20 !== 0) continue
    const [flips] = assessFlips(PLAN, [{ ...row('flips', [0, 0, 0]), ...counts }])
    if ((flips?.logDiffers ?? 0) >= LOG_20) return true
  }
  return false
}

const SEED = 20_261_130

describe(`flips that are watched (seed ${SEED})`, () => {
  it.each<readonly [number, number]>([
    [0.02, 0.02],
    [0.2, 0.2],
  ])('come to 20x in at most one of twenty rollouts where %d of rows go up and %d go down', (up, down) => {
    expect(shareOf(repeat(SEED, 200, (random) => everDiffers(random, [up, down])))).toBeLessThanOrEqual(0.05)
  })

  it.each<readonly [number, number]>([
    [0.03, 0.005],
    [0.005, 0.03],
  ])('come to 20x nearly always where %d of rows go up and %d go down', (up, down) => {
    expect(shareOf(repeat(SEED, 100, (random) => everDiffers(random, [up, down])))).toBeGreaterThan(0.95)
  })
})

describe('flips in an analysis', () => {
  const judged = [row('errors', [0, 2_000, 0]), row('disagreement', [20, 1_980, 0])]

  it.each<[name: string, flips: Counts]>([
    ['all go up', [20, 1_980, 0]],
    ['all go down', [0, 1_980, 20]],
    ['they are impossibly many', [2_000, 0, 0]],
  ])('never decide: verdict and gates are the same where %s', (_, flips) => {
    const without = assessAnalysis(PLAN, observed(judged))
    const {
      counted: _counted,
      flips: shown,
      ...rest
    } = assessAnalysis(PLAN, observed([...judged, row('flips', flips)]))
    expect(without).toMatchObject({ ...rest, outcome: 'pass', flips: [] })
    expect(shown).toMatchObject([{ counters: counters(flips) }])
  })

  it('fails a candidate by disagreement either way: a budget counts what flips up and what flips down', () => {
    const rows = [
      row('errors', [0, 2_000, 0]),
      row('disagreement', [300, 1_700, 0]),
      row('flips', [150, 1_700, 150]),
    ]
    const analysis = assessAnalysis(PLAN, observed(rows))
    expect(analysis).toMatchObject({ outcome: 'fail', reason: 'disagreement' })
    expect(analysis.flips[0]?.logDiffers).toBeLessThan(0)
  })

  it.each<[name: string, rollout: string, gate: boolean]>([
    ['the output does not decide', 'gates: {disagreement: {budget: 0.05}}', false],
    ['disagreement has no budget', '', true],
    [
      'outcomes decide in its place',
      'gates: {disagreement: {budget: 0.05}, quality: {output: score, optional: false}}',
      true,
    ],
  ])('are shown where %s', (_, rollout, gate) => {
    const analysis = assessAnalysis(
      planOf(rollout, gate),
      observed([...judged, row('flips', [15, 1_980, 5])]),
    )
    expect(analysis.flips).toMatchObject([{ output: 'score', counters: counters([15, 1_980, 5]) }])
  })

  it('are the same again from what is stored with a verdict', () => {
    const analysis = assessAnalysis(PLAN, observed([...judged, row('flips', [15, 1_980, 5])]))
    const stored = JSON.parse(JSON.stringify(analysis))
    expect(assessCounted(PLAN, stored.counted)).toEqual(analysis)
  })
})
