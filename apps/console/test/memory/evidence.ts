import type { AnalysisView, FlipsView, GateView } from '@understudy/api/views'
import {
  type Counters,
  forecastPairs,
  leastMargin,
  logE,
  logEOfDifference,
  pairsOf,
  thresholds,
} from '@understudy/rollout'

interface GateFacts {
  readonly gate: GateView['gate']
  readonly property: string
  readonly margin: number
  readonly counters: Counters
}

const QUESTIONS = 2

/** A gate as the platform would show it: every e-value, bound and forecast is computed, none is made up. */
export function gateOf({ gate, property, margin, counters }: GateFacts, minPairs: number): GateView {
  const { logHarm: logFailAt, logSafe: logPassAt } = thresholds(1, QUESTIONS)
  const logHarm = logE(counters, margin, 'harm')
  const logSafe = logE(counters, margin, 'safe')
  const pairs = pairsOf(counters)
  const forecast = forecastPairs(counters, { side: 'safe', delta: margin, logThreshold: logPassAt })
  return {
    gate,
    source: 'live',
    property,
    verdict: verdictOf({ pairs, logHarm, logSafe, logFailAt, logPassAt, minPairs }),
    decides: true,
    required: true,
    margin,
    ...counters,
    logHarm,
    logSafe,
    logFailAt,
    logPassAt,
    bound: leastMargin(counters, logPassAt),
    boundText: '',
    pairsToPass: forecast.kind === 'pairs' ? Math.max(0, Math.max(forecast.pairs, minPairs) - pairs) : null,
  }
}

interface VerdictFacts {
  readonly pairs: number
  readonly logHarm: number
  readonly logSafe: number
  readonly logFailAt: number
  readonly logPassAt: number
  readonly minPairs: number
}

function verdictOf(facts: VerdictFacts): GateView['verdict'] {
  if (facts.pairs === 0) return 'noPairs'
  if (facts.logHarm >= facts.logFailAt) return 'fail'
  if (facts.logSafe >= facts.logPassAt && facts.pairs >= facts.minPairs) return 'pass'
  return facts.logHarm > Math.max(1, facts.logSafe) && facts.pairs >= 50 ? 'towardFail' : 'collecting'
}

function flipsOf([output, counters]: readonly [string, Counters]): FlipsView {
  const { nPlus: up, nMinus: down, nZero: neither } = counters
  return { output, threshold: 0.9, source: 'live', up, down, neither, logDiffers: logEOfDifference(counters) }
}

export interface AnalysisFacts {
  readonly errors: Counters
  readonly disagreement: Counters
  /** Rows that went over a threshold, by output. */
  readonly flips?: Readonly<Record<string, Counters>>
  readonly budget: number
  readonly minPairs: number
  readonly lost: number
  readonly candidate: number
  readonly baseline: number
  readonly model: string
  readonly updatedAt: string | null
}

export function analysisFrom(facts: AnalysisFacts): AnalysisView {
  const { minPairs, candidate, baseline } = facts
  const pairs = pairsOf(facts.errors)
  const gates = [
    gateOf({ gate: 'errors', property: 'failed', margin: 0.01, counters: facts.errors }, minPairs),
    gateOf(
      { gate: 'disagreement', property: 'label', margin: facts.budget, counters: facts.disagreement },
      minPairs,
    ),
  ]
  const failed = gates.find((gate) => gate.verdict === 'fail')
  const passed = gates.every((gate) => gate.verdict === 'pass')
  const summary = failed
    ? `Fail: v${candidate} disagrees with v${baseline} on \`${failed.property}\` in ${failed.nPlus} of ${pairs} pairs, beyond the budget of ${facts.budget * 100} %.`
    : passed
      ? `Pass: v${candidate} is not worse than v${baseline} by more than your margins, after ${pairs} pairs.`
      : pairs === 0
        ? `Collecting. No pairs yet of ${minPairs}, nobody calls ${facts.model}. Drive traffic: \`npx --no-install understudy predict ${facts.model} --golden --rate 50 --for 60s\``
        : `Collecting. Errors: ${pairs} pairs, decides at about ${pairs + (gates[0]?.pairsToPass ?? 0)} if this goes on.`
  return {
    outcome: failed ? 'fail' : passed ? 'pass' : 'collecting',
    summary,
    pairs,
    minPairs,
    admitted: pairs + facts.lost,
    lost: facts.lost,
    attempt: 1,
    gates,
    secondsToDecision: null,
    steps: [{ step: 'shadow', pairs }],
    segments: [],
    flips: Object.entries(facts.flips ?? {}).map(flipsOf),
    calibration: null,
    coverage: null,
    updatedAt: facts.updatedAt,
  }
}
