import type { GateView } from '@understudy/api/views'
import { count, counted, percent, times } from '../text/numbers.ts'
import { readGauge } from './gauge-position.ts'

/** The versions a gate speaks of. */
export interface Pairing {
  readonly candidate: number
  /** Null only for a first version, which has no gates. */
  readonly baseline: number | null
}

/** Below this many pairs a forecast would be a guess. */
const FORECAST_FROM = 50

export const GATE_NAMES: Readonly<Record<GateView['gate'], string>> = {
  errors: 'Errors',
  latency: 'Latency',
  slowRuns: 'Slow runs',
  disagreement: 'Disagreement',
  quality: 'Quality',
}

export function pairsOf(gate: GateView): number {
  return gate.nPlus + gate.nZero + gate.nMinus
}

const MARGINS: Readonly<Record<GateView['gate'], (margin: string) => string>> = {
  errors: (margin) => `margin ${margin} pp`,
  latency: (margin) => `margin ${margin} pp of runs`,
  slowRuns: (margin) => `at most ${margin} % of runs`,
  disagreement: (margin) => `budget ${margin} %`,
  quality: (margin) => `margin ${margin} pp of loss`,
}

/** What a gate looks at: the output that differs most, the edge that stands worst. Empty where its name says it all. */
export function propertyWords({ gate, property }: GateView): string {
  if (gate === 'disagreement') return property
  return gate === 'latency' && property !== '' ? `above ${property} ms` : ''
}

/** "margin 0.1 pp", "budget 2 %" */
export function marginWords(gate: GateView): string {
  if (!gate.decides && gate.margin === 0) return 'shown only'
  const margin = MARGINS[gate.gate](percent(gate.margin))
  return gate.decides ? margin : `${margin} · shown only`
}

/** The bound in plain words: the least margin that the counters would clear. */
export function boundWords(gate: GateView): string {
  const pairs = pairsOf(gate)
  if (pairs === 0) return 'no pairs yet'
  if (gate.gate === 'disagreement') {
    const seen = `${percent(gate.nPlus / pairs)} % differ`
    return gate.bound === null ? `${seen}, so far` : `${seen}, at most ${percent(gate.bound)} %`
  }
  if (gate.gate !== 'errors') return gate.boundText
  if (gate.verdict === 'fail') return `${percent((gate.nPlus - gate.nMinus) / pairs)} pp more errors`
  if (gate.bound === null) return 'too few pairs for a bound'
  if (gate.bound <= 0) return 'no more errors'
  return `at most ${percent(gate.bound)} pp more errors`
}

/** The counts behind the bound, or, while a gate collects, its forecast. */
export function countWords(gate: GateView, { candidate, baseline }: Pairing): string {
  if (gate.verdict === 'noPairs' || pairsOf(gate) === 0) return 'waits for requests'
  if (gate.verdict === 'collecting') return forecastWords(gate)
  if (gate.gate === 'disagreement')
    return `${count(gate.nPlus)} of ${counted(pairsOf(gate), 'answer')} differ`
  if (gate.gate === 'slowRuns') return `${count(gate.nPlus)} of ${counted(pairsOf(gate), 'run')} are slow`
  if (gate.gate === 'latency')
    return `only v${candidate} above: ${count(gate.nPlus)} · only v${baseline ?? '?'}: ${count(gate.nMinus)}`
  if (gate.gate === 'quality')
    return `v${candidate} worse: ${count(gate.nPlus)} · better: ${count(gate.nMinus)}`
  return `only v${candidate} failed: ${count(gate.nPlus)} · only v${baseline ?? '?'}: ${count(gate.nMinus)}`
}

function forecastWords(gate: GateView): string {
  if (gate.pairsToPass !== null) return `pass in ≈ ${counted(gate.pairsToPass, 'pair')}`
  return pairsOf(gate) < FORECAST_FROM ? 'too early to say' : 'does not pass at this rate'
}

/** The whole gauge as one sentence, for those who do not see it. */
export function gaugeSentence(gate: GateView): string {
  const reading = readGauge(gate)
  if (reading.side === 'none') return `${GATE_NAMES[gate.gate]}: no pairs yet.`
  const side =
    reading.side === 'safe'
      ? `${times(reading.logValue)} toward pass, which is at ${times(gate.logPassAt)}`
      : `${times(reading.logValue)} toward fail, which is at ${times(gate.logFailAt)}`
  return `${GATE_NAMES[gate.gate]}: evidence ${side}. ${counted(pairsOf(gate), 'pair')}.`
}
