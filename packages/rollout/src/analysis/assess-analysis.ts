import { addCounters, pairsOf } from '../evidence/counters.ts'
import { thresholds } from '../evidence/thresholds.ts'
import { LOST_PROPERTY } from '../pairs/latency-ledger.ts'
import type { Analysis, Counted, GateAssessment, StepPairs } from './analysis.ts'
import { type AnalysisPlan, allSources, decides } from './analysis-plan.ts'
import { assessGate } from './assess-gate.ts'
import { countObserved } from './count-observed.ts'
import { assessFlips } from './flips.ts'
import type { Observed } from './observed.ts'
import { assessSegments } from './segments.ts'

/** Above this share of lost pairs nobody can say that the rest speaks for all. */
export const LOST_SHARE_MAX = 0.05

type Verdict = Pick<Analysis, 'outcome' | 'reason' | 'detail'>

/**
 * Says what the evidence allows to say, at any moment and as often as one likes, without looking spoiling it.
 *
 * `fail` beats `pass`; without a pair, or without a gate that decides, nothing passes.
 */
export function assessAnalysis(plan: AnalysisPlan, observed: Observed): Analysis {
  return assessCounted(plan, countObserved(observed))
}

/** {@link assessAnalysis} again from what was stored with an analysis: the same plan gives the same analysis. */
export function assessCounted(plan: AnalysisPlan, counted: Counted): Analysis {
  const gates = assessGates(plan, counted)
  const required = gates.filter((gate) => gate.required)
  const lostShare = shareLost(counted)
  return {
    ...judge(plan, counted, { gates, required, lostShare }),
    gates,
    pairs: required.length === 0 ? 0 : Math.min(...required.map((gate) => gate.pairs)),
    minPairs: plan.minPairs,
    elapsedMs: counted.elapsedMs,
    minDurationMs: plan.minDurationMs,
    lostShare,
    steps: plan.steps.map((step) => stepPairs(step, counted)),
    coverage: counted.coverage,
    segments: assessSegments(plan, counted.counters),
    flips: assessFlips(plan, counted.counters),
    counted,
  }
}

function assessGates(plan: AnalysisPlan, counted: Counted): readonly GateAssessment[] {
  const questions = plan.gates.filter(decides).length * allSources(plan).length
  const limits = thresholds(plan.attempt, questions)
  return allSources(plan).flatMap((source) =>
    plan.gates.map((gate) =>
      assessGate({
        plan: gate,
        source,
        required: plan.sources.includes(source),
        steps: plan.steps,
        minPairs: plan.minPairs,
        counters: counted.counters,
        histograms: counted.histograms,
        thresholds: limits,
      }),
    ),
  )
}

interface Assessed {
  readonly gates: readonly GateAssessment[]
  readonly required: readonly GateAssessment[]
  readonly lostShare: number
}

function judge(plan: AnalysisPlan, counted: Counted, assessed: Assessed): Verdict {
  const { gates, required, lostShare } = assessed
  if (counted.breach !== null) return { outcome: 'fail', reason: 'invariant', detail: counted.breach }
  const failed = gates.find((gate) => gate.verdict === 'fail')
  if (failed) return { outcome: 'fail', reason: failed.gate, detail: null }
  if (counted.passed) return { outcome: 'pass', reason: null, detail: null }
  const cleared = required.length > 0 && required.every((gate) => gate.verdict === 'pass')
  const ripe = cleared && counted.elapsedMs >= plan.minDurationMs
  const timeIsUp = counted.elapsedMs >= plan.maxDurationMs
  if (lostShare > LOST_SHARE_MAX && (ripe || timeIsUp)) {
    return { outcome: 'inconclusive', reason: 'shed', detail: null }
  }
  if (ripe && plan.sources.includes('live') && !counted.coverage.covered) {
    return { outcome: 'inconclusive', reason: 'coverage', detail: null }
  }
  if (ripe) return { outcome: 'pass', reason: null, detail: null }
  if (!timeIsUp) return { outcome: 'collecting', reason: null, detail: null }
  const none = gates.every((gate) => gate.properties.every((property) => property.pairs === 0))
  return { outcome: none ? 'noData' : 'inconclusive', reason: 'maxDuration', detail: null }
}

/** Answers and run times are lost in different queues: many of the one shall not hide the loss of the other. */
function shareLost({ losses, counters }: Counted): number {
  let [admitted, lost] = [0, 0]
  for (const loss of losses) {
    admitted += loss.admitted
    lost += loss.lost
  }
  const runTimes = addCounters(
    counters.filter((row) => row.gate === 'latency' && row.property === LOST_PROPERTY),
  )
  const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole)
  return Math.max(share(lost, admitted), share(runTimes.nPlus, pairsOf(runTimes)))
}

function stepPairs(step: string, { counters }: Counted): StepPairs {
  const rows = counters.filter((row) => row.gate === 'errors' && row.step === step)
  return { step, pairs: pairsOf(addCounters(rows)) }
}
