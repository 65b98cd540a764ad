import {
  capitalize,
  formatCount,
  formatDuration,
  formatPairs,
  formatPercent,
  formatVersion,
  joinWords,
} from '../text/format.ts'
import type { Analysis, GateAssessment } from './analysis.ts'
import { LOST_SHARE_MAX } from './assess-analysis.ts'
import { describeFailedGate, describeGate } from './describe-gate.ts'
import { timeToDecision } from './forecast-time.ts'

/** Who is compared with whom. */
export interface Contest {
  readonly model: string
  readonly candidate: number
  /** Null when nothing was live when the rollout began. */
  readonly baseline: number | null
  /** Runs compared per second at present, for a forecast in time; undefined: none is made. */
  readonly pairsPerSecond?: number | undefined
}

/** Makes traffic for a model that nobody calls. */
export function trafficCommand(model: string): string {
  return `npx --no-install understudy predict ${model} --golden --rate 50 --for 60s`
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
      return `No data: 0 of ${formatPairs(analysis.minPairs)} in ${formatDuration(analysis.elapsedMs)}, ${describeSilence(analysis, contest.model)}`
    case 'inconclusive':
      return `Inconclusive: ${describeDoubt(analysis)} The evidence so far is below; you decide.`
    case 'collecting':
      return `Collecting. ${capitalize(describeProgress(analysis, contest))}`
  }
}

function describeFailure(analysis: Analysis, candidate: string, baseline: string): string {
  if (analysis.reason === 'invariant') return `${candidate} broke an invariant: ${analysis.detail}`
  const gate = analysis.gates.find((one) => one.gate === analysis.reason && one.verdict === 'fail')
  if (!gate) return `${candidate} is worse than ${baseline}.`
  return `${candidate} ${describeFailedGate(gate, candidate, baseline)}`
}

/** Why there are no pairs, and what helps. */
function describeSilence({ gates }: Analysis, model: string): string {
  const asksLive = gates.length === 0 || gates.some((gate) => gate.required && gate.source === 'live')
  return asksLive
    ? `nobody calls ${model}. Drive traffic: \`${trafficCommand(model)}\``
    : `no captured request of ${model} was replayed. Capture some (\`privacy.capture\` in model.yaml), or require \`live\`.`
}

function describeDoubt(analysis: Analysis): string {
  if (analysis.reason === 'shed') {
    return `${formatPercent(analysis.lostShare)} of pairs were lost by the platform (limit ${formatPercent(LOST_SHARE_MAX)}).`
  }
  if (analysis.reason === 'coverage') {
    const { busyShare, meanShare } = analysis.coverage
    return `every gate is cleared, but of the busiest minutes only ${formatPercent(busyShare)} of requests were compared (${formatPercent(meanShare)} on average), so nobody knows how it does under load.`
  }
  const open = undecided(analysis).map(describeGate)
  const what = open.length > 0 ? `${joinWords(open)} not decided` : 'not decided'
  return `${what} after ${formatPairs(analysis.pairs)} in ${formatDuration(analysis.elapsedMs)}.`
}

function describeProgress(analysis: Analysis, { model, pairsPerSecond }: Contest): string {
  const open = undecided(analysis)
  if (analysis.gates.every((gate) => gate.pairs === 0)) {
    return `no pairs yet of ${formatCount(analysis.minPairs)}, ${describeSilence(analysis, model)}`
  }
  if (open.length === 0) {
    const rest = Math.max(0, analysis.minDurationMs - analysis.elapsedMs)
    return `every gate is cleared after ${formatPairs(analysis.pairs)}; the least duration ends in ${formatDuration(rest)}.`
  }
  const timeMs = pairsPerSecond === undefined ? null : timeToDecision(analysis, pairsPerSecond)
  const when = timeMs === null ? '' : ` At the present rate in about ${formatDuration(timeMs)}.`
  return `${open.map(describeGateProgress).join('; ')}.${when}`
}

function describeGateProgress(gate: GateAssessment): string {
  const have = `${describeGate(gate)}: ${formatPairs(gate.pairs)}`
  if (gate.gate === 'quality' && gate.pairs === 0) return `${describeGate(gate)}: no outcome is reported yet`
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

/** The gates that a verdict waits for, and those that go against it. */
function undecided(analysis: Analysis): readonly GateAssessment[] {
  return analysis.gates.filter(
    (gate) => gate.decides && (gate.verdict === 'towardFail' || (gate.required && gate.verdict !== 'pass')),
  )
}
