import { canaryStep } from '../analysis/analysis-plan.ts'
import { describeAnalysis } from '../analysis/describe-analysis.ts'
import type { RolloutFacts, RolloutRecord } from '../rollouts/rollout-facts.ts'
import { formatCount, formatDuration, formatPairs, formatPercent, formatVersion } from './format.ts'

/** What was counted so far and what follows from it. */
export function describeEvidence(
  { model, candidate, baseline }: RolloutRecord,
  facts: RolloutFacts | null,
): string {
  const analysis = facts?.analysis ?? null
  if (analysis === null) return 'Collecting: no pairs yet.'
  return describeAnalysis(analysis, {
    model,
    candidate: candidate.number,
    baseline: baseline?.number ?? null,
  })
}

/** Who answers whom in a canary, and what it takes to come further. */
export function describeCanary(rollout: RolloutRecord, facts: RolloutFacts): string {
  const { policy, nowMs } = facts
  const { percent, next } = weightsOf(rollout, policy)
  const goal = next === undefined ? 'It goes live' : `The next weight, ${percentOf(next)}, comes`
  const leftMs = rollout.sinceMs + policy.canaryMinDuration - nowMs
  const pairs = missingPairs(rollout, facts)
  const waits = [...(pairs === null ? [] : [pairs]), ...(leftMs > 0 ? [formatDuration(leftMs)] : [])]
  const when = waits.length === 0 ? 'now' : `after ${waits.join(' and ')}`
  return `${formatVersion(rollout.candidate.number)} answers ${percentOf(percent)} of requests. ${goal} ${when}.`
}

/** What a canary lacks that was not decided in its time; while it is paused live answers every request. */
export function describeUndecidedCanary(rollout: RolloutRecord, facts: RolloutFacts): string {
  const { percent } = weightsOf(rollout, facts.policy)
  const missing = missingPairs(rollout, facts)
  if (missing === null) return describeEvidence(rollout, facts)
  return `Its canary at ${percentOf(percent)} was not decided in its time: it lacks ${missing}. Until you decide, ${liveName(rollout)} answers every request.`
}

/** What answers while a candidate waits, by name. */
export function liveName({ baseline }: RolloutRecord): string {
  return baseline === null ? 'live' : formatVersion(baseline.number)
}

function weightsOf({ position }: RolloutRecord, { canary }: RolloutFacts['policy']) {
  const index = position.weightIndex ?? 0
  return { percent: canary[index] ?? 0, next: canary[index + 1] }
}

function missingPairs(rollout: RolloutRecord, { policy, analysis }: RolloutFacts): string | null {
  const step = canaryStep(weightsOf(rollout, policy).percent)
  const pairs = analysis?.steps.find((one) => one.step === step)?.pairs ?? 0
  if (pairs >= policy.canaryMinPairs) return null
  return `${formatPairs(policy.canaryMinPairs - pairs)} more without harm (${formatCount(pairs)} so far)`
}

function percentOf(percent: number): string {
  return formatPercent(percent / 100)
}
