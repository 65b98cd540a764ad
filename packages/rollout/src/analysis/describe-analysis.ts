import {
  capitalize,
  formatCount,
  formatDuration,
  formatPairs,
  formatPercent,
  formatPoints,
  formatVersion,
  joinWords,
} from '../text/format.ts'
import type { Analysis, GateAssessment } from './analysis.ts'
import { LOST_SHARE_MAX } from './assess-analysis.ts'

/** Who is compared with whom. */
export interface Contest {
  readonly model: string
  readonly candidate: number
  /** Null when nothing was live when the rollout began. */
  readonly baseline: number | null
}

/** Makes traffic for a model that nobody calls. */
export function trafficCommand(model: string): string {
  return `npx --no-install understudy predict ${model} --golden --rate 50 --for 30s`
}

/** Says in one or two sentences what the evidence is and what follows from it. */
export function describeAnalysis(analysis: Analysis, contest: Contest): string {
  const candidate = formatVersion(contest.candidate)
  const baseline = contest.baseline === null ? 'live' : formatVersion(contest.baseline)
  switch (analysis.outcome) {
    case 'pass':
      return `Pass: ${candidate} is not worse than ${baseline} by more than your margins, after ${formatPairs(analysis.pairs)}.`
    case 'fail':
      return `Fail: ${describeFailure(analysis, candidate, baseline)}`
    case 'noData':
      return `No data: 0 of ${formatPairs(analysis.minPairs)} in ${formatDuration(analysis.elapsedMs)}, nobody calls ${contest.model}. Drive traffic: \`${trafficCommand(contest.model)}\``
    case 'inconclusive':
      return `Inconclusive: ${describeDoubt(analysis)}`
    case 'collecting':
      return `Collecting. ${capitalize(describeProgress(analysis, contest.model))}`
  }
}

/** The bound of a gate in plain words: `at most 0.08 pp more errors`. */
export function describeBound(gate: GateAssessment): string {
  const bound = gate.worst?.bound ?? null
  if (bound === null || gate.pairs === 0) return 'no bound yet'
  if (gate.gate === 'disagreement') return `at most ${formatPercent(bound)} of answers differ`
  return bound === 0 ? 'no more errors' : `at most ${formatPoints(bound)} more errors`
}

function describeFailure(analysis: Analysis, candidate: string, baseline: string): string {
  if (analysis.reason === 'invariant') return `${candidate} broke an invariant: ${analysis.detail}`
  const gate = analysis.gates.find((one) => one.gate === analysis.reason && one.verdict === 'fail')
  const worst = gate?.worst
  if (!gate || !worst || gate.margin === null) return `${candidate} is worse than ${baseline}.`
  const { nPlus, nMinus } = worst.counters
  if (gate.gate === 'disagreement') {
    return `${candidate} disagrees with ${baseline} on \`${worst.property}\` in ${formatCount(nPlus)} of ${formatPairs(worst.pairs)}, beyond the budget of ${formatPercent(gate.margin)}.`
  }
  return `${candidate} fails more often than ${baseline}, beyond the margin of ${formatPoints(gate.margin)} (only ${candidate} failed: ${formatCount(nPlus)}, only ${baseline}: ${formatCount(nMinus)}, of ${formatPairs(worst.pairs)}).`
}

function describeDoubt(analysis: Analysis): string {
  if (analysis.reason === 'shed') {
    return `${formatPercent(analysis.lostShare)} of pairs were lost by the platform (limit ${formatPercent(LOST_SHARE_MAX)}). The evidence so far is below; you decide.`
  }
  const open = undecided(analysis).map((gate) => gate.gate)
  const what = open.length > 0 ? `${joinWords(open)} not decided` : 'not decided'
  return `${what} after ${formatPairs(analysis.pairs)} in ${formatDuration(analysis.elapsedMs)}. The evidence so far is below; you decide.`
}

function describeProgress(analysis: Analysis, model: string): string {
  if (analysis.pairs === 0 && undecided(analysis).every((gate) => gate.verdict === 'noPairs')) {
    return `no pairs yet of ${formatCount(analysis.minPairs)}, nobody calls ${model}. Drive traffic: \`${trafficCommand(model)}\``
  }
  const parts = undecided(analysis).map(describeGateProgress)
  if (parts.length === 0) {
    const rest = Math.max(0, analysis.minDurationMs - analysis.elapsedMs)
    return `every gate is cleared after ${formatPairs(analysis.pairs)}; the least duration ends in ${formatDuration(rest)}.`
  }
  return `${parts.join('; ')}.`
}

function describeGateProgress(gate: GateAssessment): string {
  const have = `${gate.gate}: ${formatPairs(gate.pairs)}`
  const acts = gate.verdict === 'towardFail' ? 'goes toward fail and fails' : 'decides'
  switch (gate.forecast?.kind) {
    case 'pairs':
      return `${have}, ${acts} at about ${formatCount(gate.forecast.pairs)} if this goes on`
    case 'outOfReach':
      return `${have}, stays at its margin and does not decide at this rate`
    default:
      return `${have}, too early to say`
  }
}

function undecided(analysis: Analysis): readonly GateAssessment[] {
  return analysis.gates.filter((gate) => gate.decides && gate.verdict !== 'pass')
}
