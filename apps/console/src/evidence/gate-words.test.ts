import type { GateView } from '@understudy/api/views'
import { expect, test } from 'vitest'
import { boundWords, countWords, gaugeSentence, marginWords, propertyWords } from './gate-words.ts'

const gate = (over: Partial<GateView> = {}): GateView => ({
  gate: 'errors',
  source: 'live',
  property: 'errors',
  required: true,
  boundText: 'at most 1.2 pp more runs above 40 ms',
  verdict: 'pass',
  decides: true,
  margin: 0.001,
  nPlus: 2,
  nZero: 9_816,
  nMinus: 2,
  logHarm: -2,
  logSafe: Math.log(68),
  logFailAt: Math.log(400),
  logPassAt: Math.log(20),
  bound: 0.0008,
  pairsToPass: null,
  ...over,
})
const PAIRING = { candidate: 8, baseline: 7 }

test('margins carry their unit: points for a difference, per cent for a share', () => {
  expect(marginWords(gate())).toBe('margin 0.1 pp')
  expect(marginWords(gate({ gate: 'disagreement', margin: 0.02 }))).toBe('budget 2 %')
  expect(marginWords(gate({ gate: 'disagreement', margin: 0.02, decides: false }))).toBe(
    'budget 2 % · shown only',
  )
})

test('an error gate says its bound over the discordant counts', () => {
  expect(boundWords(gate())).toBe('at most 0.08 pp more errors')
  expect(countWords(gate(), PAIRING)).toBe('only v8 failed: 2 · only v7: 2')
})

test('a disagreement gate says what differs and what bounds it', () => {
  const disagreement = gate({ gate: 'disagreement', nPlus: 150, nZero: 9_670, nMinus: 0, bound: 0.0195 })
  expect(boundWords(disagreement)).toBe('1.53 % differ, at most 1.95 %')
  expect(countWords(disagreement, PAIRING)).toBe('150 of 9,820 answers differ')
})

test("the other gates say their bound in the platform's words, over their own counts", () => {
  const latency = gate({ gate: 'latency', property: '40', margin: 0.05 })
  expect(marginWords(latency)).toBe('margin 5 pp of runs')
  expect(propertyWords(latency)).toBe('above 40 ms')
  expect(boundWords(latency)).toBe('at most 1.2 pp more runs above 40 ms')
  expect(countWords(latency, PAIRING)).toBe('only v8 above: 2 · only v7: 2')
  expect(countWords(gate({ gate: 'slowRuns', nPlus: 3, nZero: 997, nMinus: 0 }), PAIRING)).toBe(
    '3 of 1,000 runs are slow',
  )
  expect(countWords(gate({ gate: 'quality' }), PAIRING)).toBe('v8 worse: 2 · better: 2')
})

test('a gate that collects says its forecast in place of its counts', () => {
  const collecting = gate({ verdict: 'collecting', pairsToPass: 187, bound: 0.022 })
  expect(boundWords(collecting)).toBe('at most 2.2 pp more errors')
  expect(countWords(collecting, PAIRING)).toBe('pass in ≈ 187 pairs')
  expect(countWords({ ...collecting, pairsToPass: 1 }, PAIRING)).toBe('pass in ≈ 1 pair')
})

test('a forecast is never a guess', () => {
  const unknown = gate({ verdict: 'collecting', pairsToPass: null, bound: null })
  expect(countWords({ ...unknown, nPlus: 0, nZero: 49, nMinus: 0 }, PAIRING)).toBe('too early to say')
  expect(countWords({ ...unknown, nPlus: 0, nZero: 50, nMinus: 0 }, PAIRING)).toMatch(/does not pass/)
})

test('a failed gate says what was seen, not a bound that it did not keep', () => {
  expect(boundWords(gate({ verdict: 'fail', nPlus: 42, nZero: 958, nMinus: 0, bound: 0.07 }))).toBe(
    '4.2 pp more errors',
  )
})

test('no pairs is said as such, never as zero', () => {
  const none = gate({ verdict: 'noPairs', nPlus: 0, nZero: 0, nMinus: 0, bound: null })
  expect([boundWords(none), countWords(none, PAIRING)]).toEqual(['no pairs yet', 'waits for requests'])
  expect(gaugeSentence(none)).toBe('Errors: no pairs yet.')
})

test('the gauge is told as a sentence with its threshold', () => {
  expect(gaugeSentence(gate())).toBe('Errors: evidence 68× toward pass, which is at 20×. 9,820 pairs.')
  expect(gaugeSentence(gate({ logHarm: Math.log(52), logSafe: -3 }))).toBe(
    'Errors: evidence 52× toward fail, which is at 400×. 9,820 pairs.',
  )
})
