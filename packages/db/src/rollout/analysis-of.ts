import {
  type Analysis,
  type AnalysisPlan,
  answeredClients,
  assessAnalysis,
  findReplacementBreach,
  type Observed,
  planAnalysis,
  type RolloutPosition,
} from '@understudy/rollout'
import type { EvidenceRecord } from '../record/evidence-record.ts'
import { type ModelRecord, type RolloutRecord, versionOf } from '../record/model-record.ts'
import { comparisonsOf } from './comparisons-of.ts'

/** Where a recorded rollout stands. The columns hold only positions that a transition wrote. */
export function positionOf({ state, step, weightIndex, ...rollout }: RolloutRecord): RolloutPosition {
  const reason = state === 'paused' ? rollout.pauseReason : rollout.reason
  return { state, step, weightIndex, reason } as RolloutPosition
}

/** What a rollout is judged by; null for one that collects no evidence. */
export function analysisPlanOf(record: ModelRecord, rollout: RolloutRecord): AnalysisPlan | null {
  const candidate = versionOf(record, rollout.number)
  if (!rollout.evidence || !candidate?.signature) return null
  const comparisons = comparisonsOf(record.config, candidate)
  return planAnalysis(record.config.rollout, comparisons, rollout.evidence.attempt)
}

/** What was counted and seen of a rollout; null for one that collects no evidence, or not yet. */
function observedOf(record: ModelRecord, rollout: RolloutRecord): Observed | null {
  const { evidence } = rollout
  const began = rollout.steps.findLast((step) => step.step === 'shadow')
  if (!evidence || !began) return null
  const until = rollout.endedAt ?? record.readAt
  return {
    counters: evidence.counters,
    histograms: evidence.histograms,
    losses: evidence.losses,
    minutes: evidence.minutes,
    breach: breachOf(rollout, evidence),
    elapsedMs: Math.max(0, until.getTime() - new Date(began.startedAt).getTime()),
    passed: evidence.passedAt !== null,
  }
}

/** A broken invariant of a pair, processes that had to be ended, or a crash while clients were answered: the first there is. */
function breachOf(rollout: RolloutRecord, { breaches }: EvidenceRecord): string | null {
  const crash = answeredClients(positionOf(rollout)) ? rollout.confirmedCrash : null
  const crashed =
    crash === null
      ? null
      : `its process ended on an input of a client, and again on that input alone: ${crash}`
  return breaches[0]?.detail ?? findReplacementBreach(rollout.replacements) ?? crashed
}

/** The analysis of a rollout computed from what is recorded now; null for rollouts that collect no evidence. */
export function analysisOf(record: ModelRecord, rollout: RolloutRecord): Analysis | null {
  const plan = analysisPlanOf(record, rollout)
  const observed = observedOf(record, rollout)
  return plan && observed ? assessAnalysis(plan, observed) : null
}
