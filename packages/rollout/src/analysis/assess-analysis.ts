import type { PropertyCounters } from '../evidence/counters.ts'
import { thresholds } from '../evidence/thresholds.ts'
import type { Analysis, GateAssessment } from './analysis.ts'
import { type AnalysisPlan, decides } from './analysis-plan.ts'
import { assessGate } from './assess-gate.ts'

/** Above this share of lost pairs nobody can say that the rest speaks for all. */
export const LOST_SHARE_MAX = 0.05

/** Pairs that were admitted in one source and step, and those of them that the platform lost. Cumulative. */
export interface PairLoss {
  readonly source: string
  readonly step: string
  readonly admitted: number
  readonly lost: number
}

/** What was counted and seen so far. */
export interface Observed {
  readonly counters: readonly PropertyCounters[]
  readonly losses: readonly PairLoss[]
  /** What a confirmed breach of an invariant was; null when there is none. */
  readonly breach: string | null
  /** Since collecting began, or began again by `retry`. */
  readonly elapsedMs: number
  /** A `pass` was reached on this series before: it stays until a `fail`. */
  readonly passed: boolean
}

type Verdict = Pick<Analysis, 'outcome' | 'reason' | 'detail'>

/**
 * Says what the evidence allows to say, at any moment and as often as one likes, without looking spoiling it.
 *
 * `fail` beats `pass`; without a pair, or without a gate that decides, nothing passes.
 */
export function assessAnalysis(plan: AnalysisPlan, observed: Observed): Analysis {
  const questions = plan.gates.filter(decides).length * plan.sources.length
  const limits = thresholds(plan.attempt, questions)
  const gates = plan.sources.flatMap((source) =>
    plan.gates.map((gate) =>
      assessGate({
        plan: gate,
        source,
        steps: plan.steps,
        minPairs: plan.minPairs,
        counters: observed.counters,
        thresholds: limits,
      }),
    ),
  )
  const deciding = gates.filter((gate) => gate.decides)
  const lostShare = shareLost(observed.losses)
  return {
    ...judge(plan, observed, { gates, deciding, lostShare }),
    gates,
    pairs: deciding.length === 0 ? 0 : Math.min(...deciding.map((gate) => gate.pairs)),
    minPairs: plan.minPairs,
    elapsedMs: observed.elapsedMs,
    minDurationMs: plan.minDurationMs,
    lostShare,
  }
}

interface Assessed {
  readonly gates: readonly GateAssessment[]
  readonly deciding: readonly GateAssessment[]
  readonly lostShare: number
}

function judge(plan: AnalysisPlan, observed: Observed, assessed: Assessed): Verdict {
  const { gates, deciding, lostShare } = assessed
  if (observed.breach !== null) return { outcome: 'fail', reason: 'invariant', detail: observed.breach }
  const failed = deciding.find((gate) => gate.verdict === 'fail')
  if (failed) return { outcome: 'fail', reason: failed.gate, detail: null }
  if (observed.passed) return { outcome: 'pass', reason: null, detail: null }
  const cleared = deciding.length > 0 && deciding.every((gate) => gate.verdict === 'pass')
  const longEnough = observed.elapsedMs >= plan.minDurationMs
  const timeIsUp = observed.elapsedMs >= plan.maxDurationMs
  const shed = lostShare > LOST_SHARE_MAX
  if (shed && ((cleared && longEnough) || timeIsUp)) {
    return { outcome: 'inconclusive', reason: 'shed', detail: null }
  }
  if (cleared && longEnough) return { outcome: 'pass', reason: null, detail: null }
  if (!timeIsUp) return { outcome: 'collecting', reason: null, detail: null }
  const none = gates.every((gate) => gate.properties.every((property) => property.pairs === 0))
  return { outcome: none ? 'noData' : 'inconclusive', reason: 'maxDuration', detail: null }
}

function shareLost(losses: readonly PairLoss[]): number {
  let [admitted, lost] = [0, 0]
  for (const loss of losses) {
    admitted += loss.admitted
    lost += loss.lost
  }
  return admitted === 0 ? 0 : lost / admitted
}
