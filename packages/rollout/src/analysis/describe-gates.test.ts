import { parseModelConfig } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import type { PropertyCounters } from '../evidence/counters.ts'
import { planAnalysis } from './analysis-plan.ts'
import { assessAnalysis } from './assess-analysis.ts'
import { describeAnalysis } from './describe-analysis.ts'
import { describeBound, describeSlowdown } from './describe-gate.ts'
import type { Observed } from './observed.ts'

const GATES = 'latency: {margin: 0.05, overMs: 50}, quality: {output: label, optional: false}'
const CONTEST = { model: 'iris', candidate: 2, baseline: 1 }

type Counts = readonly [plus: number, zero: number, minus?: number]

function row(
  gate: string,
  property: string,
  [nPlus, nZero, nMinus = 0]: Counts,
  source = 'live',
): PropertyCounters {
  return { source, step: 'shadow', gate, property, nPlus, nZero, nMinus }
}

function analysis(counters: readonly PropertyCounters[], changes: Partial<Observed> = {}, rollout = '') {
  const config = parseModelConfig(`rollout: {gates: {${GATES}}, ${rollout}}`)
  return assessAnalysis(planAnalysis(config.rollout, {}, 1), {
    counters,
    histograms: [],
    losses: [],
    minutes: [],
    breach: null,
    elapsedMs: 20 * 60_000,
    passed: false,
    ...changes,
  })
}

function quality(...bins: readonly (readonly [number, number])[]) {
  return { histograms: [{ source: 'live', step: 'shadow', gate: 'quality', property: 'loss', bins }] }
}

const ERRORS = row('errors', 'failed', [0, 2_000])
const LATENCY = row('latency', '0.02', [0, 2_000])
const SLOW_RUNS = row('slowRuns', 'over', [0, 2_000])
const CLEAR = [ERRORS, LATENCY, SLOW_RUNS]

describe('describeAnalysis of the other gates', () => {
  it.each([
    [
      'slower runs',
      analysis([
        ERRORS,
        LATENCY,
        row('latency', '42.3', [400, 1_590, 10]),
        row('runTimes', '42.3', [735, 0, 350]),
        row('latency', '50.8', [30, 1_970]),
      ]),
      'Fail: v2 is slower than v1: 2.1x more runs above 42.3 ms, beyond the margin of 5 pp (only v2 above: 400, only v1: 10, of 2,000 pairs).',
    ],
    [
      'runs that only the candidate needs so long for',
      analysis([ERRORS, LATENCY, row('latency', '1130', [400, 1_600]), row('runTimes', '1130', [400, 0])]),
      'Fail: v2 is slower than v1: only its runs are above 1.13 s, beyond the margin of 5 pp (only v2 above: 400, only v1: 0, of 2,000 pairs).',
    ],
    [
      'runs that are too long',
      analysis([ERRORS, LATENCY, row('slowRuns', 'over', [80, 1_920])]),
      'Fail: v2 takes too long in 80 of 2,000 runs, beyond the budget of 1 %.',
    ],
    [
      'worse outcomes',
      analysis(CLEAR, quality([0, 20], [100, 700], [200, 280])),
      'Fail: v2 is farther from the reported outcomes than v1, beyond the margin of 1 pp (worse: 280, better: 20, of 1,000 pairs).',
    ],
    [
      'outcomes that nobody has reported',
      analysis(CLEAR),
      'Collecting. Quality: no outcome is reported yet.',
    ],
    [
      'load that was left out',
      analysis(CLEAR, {
        ...quality([100, 2_000]),
        minutes: [
          ...Array.from({ length: 9 }, () => ({ requests: 500, sampled: 250 })),
          { requests: 5_000, sampled: 200 },
        ],
      }),
      'Inconclusive: every gate is cleared, but of the busiest minutes only 4 % of requests were compared (45 % on average), so nobody knows how it does under load. The evidence so far is below; you decide.',
    ],
    [
      'a source of its own',
      analysis([row('errors', 'failed', [0, 60], 'replay')], {}, 'shadow: {require: [replay]}'),
      expect.stringMatching(
        /^Collecting\. Errors in replay: 60 pairs, decides at about 522 if this goes on; latency in replay: 0 pairs/,
      ),
    ],
    [
      'no captured requests',
      analysis([], { elapsedMs: 6 * 3_600_000 }, 'shadow: {require: [replay]}'),
      'No data: 0 of 500 pairs in 6 h, no captured request of iris was replayed. Capture some (`privacy.capture` in model.yaml), or require `live`.',
    ],
  ])('says %s in words', (_, input, sentence) => {
    expect(describeAnalysis(input, CONTEST)).toEqual(sentence)
  })

  it('foretells the time at the present rate', () => {
    const collecting = analysis(
      [row('errors', 'failed', [0, 100]), LATENCY, SLOW_RUNS],
      quality([100, 2_000]),
    )
    expect(describeAnalysis(collecting, { ...CONTEST, pairsPerSecond: 2 })).toBe(
      'Collecting. Errors: 100 pairs, decides at about 522 if this goes on. At the present rate in about 3 min 31 s.',
    )
    expect(describeAnalysis(collecting, { ...CONTEST, pairsPerSecond: 0 })).not.toContain('rate')
  })
})

describe('describeBound of the other gates', () => {
  it('says in plain words how much worse the candidate can be', () => {
    const { gates } = analysis(
      [ERRORS, LATENCY, row('latency', '42.3', [8, 1_985, 7]), SLOW_RUNS],
      quality([99, 500], [100, 1_000], [101, 500]),
    )
    expect(gates.map(describeBound)).toEqual([
      expect.stringMatching(/^at most 0\.26 pp more errors$/),
      expect.stringMatching(/^at most 0\.\d+ pp more runs above 42\.3 ms$/),
      expect.stringMatching(/^at most 0\.26 % of runs are too slow$/),
      'no bound yet',
      expect.stringMatching(/^at most 0\.\d+ pp more loss$/),
    ])
  })

  it('says when the candidate is so much faster or better that nothing more is left', () => {
    const { gates } = analysis(
      [ERRORS, LATENCY, row('latency', '42.3', [0, 1_800, 200])],
      quality([0, 200], [100, 100]),
    )
    const latency = gates.find((gate) => gate.gate === 'latency')
    const edge = latency?.properties.find(({ property }) => property === '42.3')
    expect(edge?.bound).toBe(0)
    expect(gates.filter((gate) => gate.gate === 'quality').map(describeBound)).toEqual(['no more loss'])
  })

  it('says how many more runs are above an edge', () => {
    const { gates } = analysis([
      LATENCY,
      row('latency', '42.3', [40, 1_960]),
      row('runTimes', '42.3', [210, 0, 100]),
    ])
    const worst = gates.find((gate) => gate.gate === 'latency')?.worst
    expect(worst && describeSlowdown(worst)).toBe('2.1x more runs above 42.3 ms')
  })
})
