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
export function describeCanary({ position, sinceMs, candidate }: RolloutRecord, facts: RolloutFacts): string {
  const { policy, nowMs, analysis } = facts
  const index = position.weightIndex ?? 0
  const percent = policy.canary[index] ?? 0
  const pairs = analysis?.steps.find(({ step }) => step === canaryStep(percent))?.pairs ?? 0
  const next = policy.canary[index + 1]
  const goal = next === undefined ? 'It goes live' : `The next weight, ${percentOf(next)}, comes`
  const leftMs = sinceMs + policy.canaryMinDuration - nowMs
  const waits = [
    ...(pairs < policy.canaryMinPairs
      ? [`${formatPairs(policy.canaryMinPairs - pairs)} more without harm (${formatCount(pairs)} so far)`]
      : []),
    ...(leftMs > 0 ? [formatDuration(leftMs)] : []),
  ]
  const when = waits.length === 0 ? 'now' : `after ${waits.join(' and ')}`
  return `${formatVersion(candidate.number)} answers ${percentOf(percent)} of requests. ${goal} ${when}.`
}

function percentOf(percent: number): string {
  return formatPercent(percent / 100)
}
