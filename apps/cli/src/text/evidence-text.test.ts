import type { EvidenceView, GateView } from '@understudy/api/views'
import { expect, it } from 'vitest'
import { evidenceText } from './evidence-text.ts'

const gate: GateView = {
  ...{ gate: 'errors', source: 'live', property: 'failed', verdict: 'pass', decides: true, required: true },
  ...{ margin: 0.01, nPlus: 2, nZero: 810, nMinus: 1, logHarm: -2, logSafe: Math.log(68) },
  ...{
    logFailAt: Math.log(400),
    logPassAt: Math.log(20),
    bound: 0.008,
    boundText: 'at most 0.8 pp more errors',
  },
  pairsToPass: null,
}
const evidence: EvidenceView = {
  ...{ model: 'iris', candidate: 2, baseline: 1, rolloutId: 'r' },
  analysis: {
    ...{ outcome: 'pass', summary: 'Pass: v2 is not worse than v1.', pairs: 813, minPairs: 500, attempt: 1 },
    ...{ admitted: 815, lost: 2, gates: [gate], secondsToDecision: null, updatedAt: null },
    steps: [
      { step: 'shadow', pairs: 600 },
      { step: 'canary-5', pairs: 213 },
    ],
    segments: [],
    flips: [],
    calibration: null,
    coverage: null,
  },
  outcomes: { kept: 800, reported: 80, scored: 79, contradicted: 1, warning: 'Known for 10 % only.' },
  verdicts: [{ seq: 1, at: '2026-01-02T03:04:05Z', stored: 'pass', recomputed: 'pass', same: true }],
}

it('says what the evidence is, what it rests on, and that it gives the stored verdict', () => {
  const text = evidenceText(evidence)
  expect(text).toContain('iris v2 against v1, attempt 1\nPass: v2 is not worse than v1.')
  expect(text).toMatch(
    /errors +live +failed +pass +2 +810 +1 +68x +20x +0\.1x +400x +at most 0\.8 pp more errors/,
  )
  expect(text).toContain('pairs by step: shadow 600, canary-5 213')
  expect(text).toContain(
    'outcomes: 80 reported of 800 predictions kept, 79 scored, 1 contradicted\nKnown for 10 % only.',
  )
  expect(text).toContain(
    'verdict 1 of 2026-01-02 03:04:05: computed again from the stored counters, the same verdict: pass',
  )
})

it('says it plainly when the stored counters do not give the stored verdict', () => {
  const verdicts = evidence.verdicts.map((one) => ({ ...one, recomputed: 'fail' as const, same: false }))
  expect(evidenceText({ ...evidence, verdicts })).toContain(
    'stored as pass, but the stored counters give fail',
  )
})

it('says of a verdict of an earlier release that it cannot be computed again', () => {
  const verdicts = evidence.verdicts.map((one) => ({ ...one, recomputed: null, same: false }))
  expect(evidenceText({ ...evidence, verdicts })).toContain(
    'stored as pass by an earlier release, without the counters',
  )
})

it('shows which way rows went over a threshold below the gates, and no such table without one', () => {
  const flips = [
    {
      ...({ output: 'score', threshold: 0.5, source: 'live', up: 31, down: 7, neither: 962 } as const),
      logDiffers: Math.log(140),
    },
  ]
  const text = evidenceText({ ...evidence, analysis: { ...evidence.analysis, flips } })
  expect(text).toMatch(/score +0\.5 +live +31 +7 +962 +140x/)
  const [gates, table, facts] = ['BOUND', 'UP only in v2, DOWN only in v1', 'pairs by step'].map((part) =>
    text.indexOf(part),
  )
  expect(gates).toBeLessThan(table ?? 0)
  expect(table).toBeLessThan(facts ?? 0)
  expect(evidenceText(evidence)).not.toContain('NEITHER')
})

it('tells which segments stand out, and whether the comparator of run times can be trusted', () => {
  const segment = { source: 'live', gate: 'errors', pairs: 90, nPlus: 20, nMinus: 0, logHarm: 9 } as const
  const analysis = {
    ...evidence.analysis,
    segments: [
      { ...segment, segment: 'de', flagged: true },
      { ...segment, segment: '', flagged: false },
    ],
    calibration: { pairs: 300, healthy: false, noiseShare: 0.2, worstEdgeMs: 4 },
    coverage: { meanShare: 0.5, busyShare: 0.4 },
  }
  const text = evidenceText({ ...evidence, analysis })
  expect(text).toMatch(/segment de, errors: 90 pairs.*STANDS OUT/)
  expect(text).toMatch(/segment \(none\), errors: 90 pairs(?!.*STANDS OUT)/)
  expect(text).toContain('A/A of run times: 300 pairs, noise 20.0 %, PREFERS A SIDE')
  expect(text).toContain('sampled: 50.0 % of requests, 40.0 % in the busiest minutes')
})
