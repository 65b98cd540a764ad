import type { AnalysisView, GateView } from '@understudy/api/views'
import { expect, test } from 'vitest'
import { bannerWords, gatesPassed, shownVerdict } from './verdict-words.ts'

const gate = (verdict: GateView['verdict'], decides = true): GateView => ({
  gate: 'errors',
  source: 'live',
  property: 'errors',
  required: true,
  boundText: '',
  verdict,
  decides,
  margin: 0.01,
  nPlus: 0,
  nZero: 10,
  nMinus: 0,
  logHarm: 0,
  logSafe: 0,
  logFailAt: 5,
  logPassAt: 3,
  bound: null,
  pairsToPass: null,
})

const analysis = (over: Partial<AnalysisView> = {}): AnalysisView => ({
  outcome: 'collecting',
  summary: '',
  pairs: 10,
  minPairs: 500,
  admitted: 10,
  lost: 0,
  attempt: 1,
  secondsToDecision: null,
  steps: [],
  segments: [],
  flips: [],
  calibration: null,
  coverage: null,
  gates: [gate('collecting')],
  updatedAt: null,
  ...over,
})

test('a deciding gate that goes toward fail is said before collecting; one that is only shown is not', () => {
  expect(shownVerdict(analysis({ gates: [gate('collecting'), gate('towardFail')] }))).toBe('towardFail')
  expect(shownVerdict(analysis({ gates: [gate('collecting'), gate('towardFail', false)] }))).toBe(
    'collecting',
  )
})

test('a verdict stands, whatever single gates show', () => {
  expect(shownVerdict(analysis({ outcome: 'pass', gates: [gate('towardFail')] }))).toBe('pass')
})

test('without pairs nothing is called collected', () => {
  expect(shownVerdict(analysis({ pairs: 0 }))).toBe('noPairs')
})

test('the sentence is led by the word of the verdict, once', () => {
  const words = (over: Partial<AnalysisView>) => bannerWords(analysis(over))
  expect(words({ outcome: 'pass', summary: 'Pass: v2 is not worse.' })).toEqual({
    title: 'Pass: v2 is not worse',
    detail: '',
  })
  expect(words({ outcome: 'pass', summary: 'v2 is not worse' }).title).toBe('Pass: v2 is not worse')
  expect(words({ outcome: 'noData' }).title).toBe('No data')
  expect(words({ summary: 'Collecting. Errors: 10 pairs, too early to say.' })).toEqual({
    title: 'Collecting',
    detail: 'Errors: 10 pairs, too early to say.',
  })
})

test('only gates that decide are counted', () => {
  expect(gatesPassed(analysis({ gates: [gate('pass'), gate('collecting'), gate('pass', false)] }))).toBe(
    '1 of 2 gates',
  )
})
