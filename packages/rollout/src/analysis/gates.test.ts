import { parseModelConfig } from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PropertyCounters } from '../evidence/counters.ts'
import type { Histogram } from '../evidence/histogram.ts'
import { LATENCY_EDGES_MS } from '../evidence/latency-edges.ts'
import type { Analysis } from './analysis.ts'
import { planAnalysis } from './analysis-plan.ts'
import { assessAnalysis, assessCounted } from './assess-analysis.ts'
import type { Observed } from './observed.ts'

const COMPARISONS = { label: { compare: { kind: 'equal' }, gate: true } } as const

function planOf(rollout: string) {
  return planAnalysis(parseModelConfig(`rollout: {${rollout}}`).rollout, COMPARISONS, 1)
}

const ALL = planOf(
  'gates: {latency: {margin: 0.05, overMs: 50, overMargin: 0.01}, disagreement: {budget: 0.05}, quality: {output: label, optional: false}}, canary: [5], bake: 1m',
)

type Counts = readonly [plus: number, zero: number, minus?: number]

function row(gate: string, property: string, counts: Counts, at: Partial<PropertyCounters> = {}) {
  const [nPlus, nZero, nMinus = 0] = counts
  return { source: 'live', step: 'shadow', gate, property, nPlus, nZero, nMinus, ...at }
}

function quality(bins: Histogram, step = 'shadow') {
  return { source: 'live', step, gate: 'quality', property: 'loss', bins }
}

/** Counters that clear every gate. */
const CLEAR = [
  row('errors', 'failed', [0, 2_000]),
  row('latency', '0.02', [0, 2_000]),
  row('slowRuns', 'over', [0, 2_000]),
  row('disagreement', 'label', [400, 1_600]),
]
const CLEAR_QUALITY = [quality([[100, 2_000]])]

function observed(changes: Partial<Observed> = {}): Observed {
  return {
    counters: CLEAR,
    histograms: CLEAR_QUALITY,
    losses: [],
    minutes: [],
    breach: null,
    elapsedMs: 60_000,
    passed: false,
    ...changes,
  }
}

function gateOf(analysis: Analysis, name: string) {
  const gate = analysis.gates.find((one) => one.gate === name)
  if (!gate) throw new Error(`no gate ${name}`)
  return gate
}

/** `CLEAR` with one gate replaced. */
function instead(...rows: readonly PropertyCounters[]): readonly PropertyCounters[] {
  return [...CLEAR.filter((one) => one.gate !== rows[0]?.gate), ...rows]
}

describe('an analysis of five gates', () => {
  it.each<[name: string, seen: Observed, outcome: string, reason: string | null]>([
    ['passes when each is cleared, however much answers differ', observed(), 'pass', null],
    [
      'fails where runs are slower on an edge',
      observed({
        counters: instead(row('latency', '0.02', [0, 2_000]), row('latency', '42.3', [400, 1_600])),
      }),
      'fail',
      'latency',
    ],
    [
      'fails where too many runs are too long',
      observed({ counters: instead(row('slowRuns', 'over', [60, 1_940])) }),
      'fail',
      'slowRuns',
    ],
    [
      'fails where outcomes are worse',
      observed({
        histograms: [
          quality([
            [100, 1_000],
            [150, 200],
          ]),
        ],
      }),
      'fail',
      'quality',
    ],
    ['waits for outcomes that it requires', observed({ histograms: [] }), 'collecting', null],
    [
      'waits for run times',
      observed({ counters: CLEAR.filter((one) => one.gate !== 'latency') }),
      'collecting',
      null,
    ],
    [
      'has at most no verdict when too many run times were lost, whatever answers came',
      observed({
        counters: [...CLEAR, row('latency', 'lost', [60, 940])],
        losses: [{ source: 'live', step: 'shadow', admitted: 100_000, lost: 0 }],
      }),
      'inconclusive',
      'shed',
    ],
    [
      'has no verdict where load was left out',
      observed({
        minutes: [
          ...Array.from({ length: 9 }, () => ({ requests: 500, sampled: 400 })),
          { requests: 5_000, sampled: 9 },
        ],
      }),
      'inconclusive',
      'coverage',
    ],
    [
      'keeps a pass that was reached before load was left out',
      observed({
        passed: true,
        minutes: [
          { requests: 500, sampled: 400 },
          { requests: 5_000, sampled: 9 },
        ],
      }),
      'pass',
      null,
    ],
    [
      'never fails by the calibration of the comparator or by what is only shown',
      observed({
        counters: [...CLEAR, row('calibration', '42.3', [900, 100]), row('runTimes', '42.3', [900, 0, 1])],
      }),
      'pass',
      null,
    ],
  ])('%s', (_, seen, outcome, reason) => {
    expect(assessAnalysis(ALL, seen)).toMatchObject({ outcome, reason })
  })

  it('takes the worst edge for safety and names it with its ratio', () => {
    const counters = instead(
      row('latency', '0.02', [0, 2_000]),
      row('latency', '42.3', [90, 1_890, 20]),
      row('runTimes', '42.3', [210, 0, 100]),
      row('latency', '50.8', [1, 1_999]),
    )
    const latency = gateOf(assessAnalysis(ALL, observed({ counters })), 'latency')
    expect(latency.worst).toMatchObject({ property: '42.3', ratio: 2.1, pairs: 2_000 })
    expect(latency.logSafe).toBe(latency.worst?.logSafe)
    expect(latency.properties.map(({ property }) => property)).toEqual(['42.3', '50.8'])
  })

  it('averages the harm of all edges, also of those on which nothing happened', () => {
    const counters = instead(row('latency', '0.02', [0, 300]), row('latency', '42.3', [60, 240]))
    const latency = gateOf(assessAnalysis(ALL, observed({ counters })), 'latency')
    const edge = latency.worst?.logHarm ?? 0
    expect(latency.logHarm).toBeGreaterThan(edge - Math.log(LATENCY_EDGES_MS.length))
    expect(latency.logHarm).toBeLessThan(edge - Math.log(LATENCY_EDGES_MS.length) + 0.1)
  })

  it('asks each of its questions, gates times sources, for its share of the false alarms', () => {
    const questions = (plan: typeof ALL) =>
      Math.exp(assessAnalysis(plan, observed()).gates[0]?.thresholds.logHarm ?? 0) / 100
    expect(questions(ALL)).toBeCloseTo(4, 9)
    expect(questions(planOf('gates: {latency: {}}, shadow: {require: [live, replay]}'))).toBeCloseTo(4, 9)
    expect(questions(planOf('shadow: {require: [replay]}, canary: [5]'))).toBeCloseTo(2, 9)
  })

  it('sees a fault of a later step as if nothing had been before', () => {
    const late = { step: 'canary-5' } as const
    const counters = [
      ...CLEAR,
      row('errors', 'failed', [18, 142], late),
      row('latency', '0.02', [0, 160], late),
    ]
    expect(assessAnalysis(ALL, observed({ counters, passed: true }))).toMatchObject({
      outcome: 'fail',
      reason: 'errors',
    })
  })

  it('fills in edges that one step names and another does not', () => {
    const late = { step: 'canary-5' } as const
    const counters = [
      ...instead(row('latency', '0.02', [0, 1_000])),
      row('latency', '0.02', [0, 500], late),
      row('latency', '42.3', [20, 480], late),
    ]
    const latency = gateOf(assessAnalysis(ALL, observed({ counters })), 'latency')
    expect(latency.worst?.counters).toEqual({ nPlus: 20, nZero: 1_480, nMinus: 0 })
    expect(latency.pairs).toBe(1_500)
  })

  it('says for every step how many runs were compared in it', () => {
    const counters = [...CLEAR, row('errors', 'failed', [1, 40], { step: 'canary-5' })]
    expect(assessAnalysis(ALL, observed({ counters })).steps).toEqual([
      { step: 'shadow', pairs: 2_000 },
      { step: 'canary-5', pairs: 41 },
      { step: 'bake', pairs: 0 },
    ])
  })

  it('can fail in live traffic of a canary although only replay is required', () => {
    const plan = planOf('shadow: {require: [replay]}, canary: [5]')
    const replayed = row('errors', 'failed', [0, 2_000], { source: 'replay' })
    const live = row('errors', 'failed', [30, 100], { step: 'canary-5' })
    expect(assessAnalysis(plan, observed({ counters: [replayed] })).outcome).toBe('pass')
    expect(assessAnalysis(plan, observed({ counters: [replayed, live] }))).toMatchObject({
      outcome: 'fail',
      reason: 'errors',
    })
  })

  it('does not ask for the coverage of live traffic where only replay is required', () => {
    const minutes = [
      ...Array.from({ length: 9 }, () => ({ requests: 500, sampled: 400 })),
      { requests: 5_000, sampled: 9 },
    ]
    const counters = [row('errors', 'failed', [0, 2_000], { source: 'replay' })]
    const plan = planOf('shadow: {require: [replay]}')
    expect(assessAnalysis(plan, observed({ counters, minutes })).outcome).toBe('pass')
  })

  it('flags segments and decides by the whole', () => {
    const counters = instead(
      row('errors', 'failed', [0, 3_990], { segment: 'a' }),
      row('errors', 'failed', [12, 20], { segment: 'b' }),
    )
    const analysis = assessAnalysis(ALL, observed({ counters }))
    expect(analysis.outcome).toBe('pass')
    const errors = analysis.segments.filter((segment) => segment.gate === 'errors')
    expect(errors.map(({ segment, flagged }) => [segment, flagged])).toEqual([
      ['b', true],
      ['a', false],
    ])
    expect(gateOf(analysis, 'errors').pairs).toBe(4_022)
  })
})

describe('evidence that is stored', () => {
  const counts = fc.record({ nPlus: fc.nat(30), nZero: fc.nat(900), nMinus: fc.nat(30) })
  const key = fc.constantFrom(
    ...['shadow', 'canary-5', 'bake'].flatMap((step) =>
      [
        ['errors', 'failed'],
        ['latency', '0.02'],
        ['latency', '42.3'],
        ['latency', 'lost'],
        ['slowRuns', 'over'],
        ['disagreement', 'label'],
        ['flips', 'label'],
      ].map(([gate = '', property = '']) => ({ source: 'live', step, gate, property })),
    ),
  )
  const rows = fc.array(
    fc.tuple(key, counts, fc.constantFrom('', 'a')).map(([at, n, segment]) => ({ ...at, ...n, segment })),
    { maxLength: 15 },
  )
  const bins = fc.array(fc.tuple(fc.nat(200), fc.nat(50)), { maxLength: 4 })
  const seen = fc.record({ counters: rows, bins, passed: fc.boolean(), lost: fc.nat(9) }).map((some) =>
    observed({
      counters: some.counters,
      histograms: [quality(some.bins), quality(some.bins, 'bake')],
      losses: [{ source: 'live', step: 'shadow', admitted: 100, lost: some.lost }],
      minutes: [{ requests: 100, sampled: 10 }],
      passed: some.passed,
    }),
  )

  it('gives the same analysis again, after a round through JSON (property)', () => {
    fc.assert(
      fc.property(seen, (some) => {
        const analysis = assessAnalysis(ALL, some)
        const stored: Analysis = JSON.parse(JSON.stringify(analysis))
        expect(stored).toEqual(analysis)
        expect(assessCounted(ALL, stored.counted)).toEqual(analysis)
      }),
      { numRuns: 25 },
    )
  })

  it('says the same in whatever order nodes are read (property)', () => {
    fc.assert(
      fc.property(seen, (some) => {
        const turned = {
          ...some,
          counters: [...some.counters].reverse(),
          histograms: [...some.histograms].reverse(),
        }
        expect(assessAnalysis(ALL, turned)).toEqual(assessAnalysis(ALL, some))
      }),
      { numRuns: 25 },
    )
  })
})
