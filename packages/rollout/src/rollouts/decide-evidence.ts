import { canaryStep } from '../analysis/analysis-plan.ts'
import { formatPercent, formatVersion } from '../text/format.ts'
import type { ApprovalAssessment } from './assess-approvals.ts'
import { clearanceOf } from './clearance.ts'
import { describeApprovals } from './describe-approvals.ts'
import type { RolloutFacts, RolloutRecord } from './rollout-facts.ts'
import type { Move } from './transitions.ts'

/** Leaves the shadow by its verdict, or at the latest when its time is over. A rehearsal ends with its verdict. */
export function advanceShadow(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  const outcome = outcomeOf(rollout, facts)
  if (outcome === 'collecting') return null
  const candidate = formatVersion(rollout.candidate.number)
  if (rollout.kind === 'rehearsal') {
    return {
      cause: 'aborted',
      reason: 'rehearsed',
      detail: `${candidate} was rehearsed and ${SAID[outcome]}`,
    }
  }
  switch (outcome) {
    case 'pass':
      return onPass(rollout, facts)
    case 'inconclusive':
      return {
        cause: 'inconclusive',
        to: 'pausedInconclusive',
        detail: `the shadow of ${candidate} is inconclusive`,
      }
    case 'noData':
      return { cause: 'noData', to: 'pausedNoData', detail: `nobody called ${rollout.model}` }
  }
}

const SAID = { pass: 'passed', inconclusive: 'was not decided', noData: 'got no data' } as const

/** The verdict; a fail has ended the rollout before. Where the analysis does not know that its time is over, the clock says so. */
function outcomeOf({ sinceMs }: RolloutRecord, { analysis, nowMs, policy }: RolloutFacts) {
  const outcome = analysis?.outcome ?? 'collecting'
  if (outcome !== 'collecting' && outcome !== 'fail') return outcome
  if (nowMs - sinceMs < policy.shadow.maxDuration) return 'collecting'
  return (analysis?.pairs ?? 0) > 0 ? 'inconclusive' : 'noData'
}

function onPass(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  const passed = `${formatVersion(rollout.candidate.number)} passed its shadow`
  const { outcome, approvals } = clearanceOf(rollout, facts)
  switch (outcome) {
    case 'cleared':
      return goesOn(rollout, facts, approvals)
    case 'held':
      return { cause: 'held', to: 'pausedHeld', detail: `${passed}; an operator holds what is live` }
    case 'approvalMissing':
      return { cause: 'passed', to: 'pausedApproval', detail: `${passed} and waits for approval` }
    case 'noPass':
      return null
  }
}

/** Each weight lasts until it has its pairs and its time without a fail; then comes the next, and after the last the promotion. */
export function advanceCanary(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  const { policy, analysis } = facts
  const candidate = formatVersion(rollout.candidate.number)
  const index = rollout.position.weightIndex ?? 0
  const percent = policy.canary[index] ?? 0
  const ageMs = facts.nowMs - rollout.sinceMs
  const step = canaryStep(percent)
  const pairs = analysis?.steps.find((one) => one.step === step)?.pairs ?? 0
  if (pairs >= policy.canaryMinPairs && ageMs >= policy.canaryMinDuration) {
    const next = policy.canary[index + 1]
    return next === undefined
      ? { cause: 'cleared', to: 'promoting', detail: `${candidate} came through its canary and goes live` }
      : { cause: 'nextWeight', to: 'canary', detail: `${candidate} answers ${percentOf(next)} of requests` }
  }
  if (ageMs < canaryAtMostMs(policy)) return null
  const detail = `the canary of ${candidate} at ${percentOf(percent)} is inconclusive`
  return { cause: 'inconclusive', to: 'pausedInconclusive', detail }
}

/** How long a weight of the canary may take. */
export function canaryAtMostMs({ shadow, canaryMinDuration }: RolloutFacts['policy']): number {
  return Math.max(shadow.maxDuration, canaryMinDuration)
}

/** A version that may be promoted goes on: to its canary, where the policy has one that it has not been through, else to promotion. */
export function goesOn(
  { kind, candidate, position, promotedNow }: RolloutRecord,
  { policy }: RolloutFacts,
  approvals: ApprovalAssessment,
): Move {
  const version = formatVersion(candidate.number)
  const by = describeApprovals(approvals)
  const approved = by === null ? '' : `, ${by}`
  const [first] = policy.canary
  if (kind !== 'evidence' || promotedNow !== null || position.weightIndex !== null || first === undefined) {
    return { cause: 'cleared', to: 'promoting', detail: `${version} goes live${approved}` }
  }
  const detail = `${version} answers ${percentOf(first)} of requests${approved}`
  return { cause: 'cleared', to: 'canary', detail }
}

function percentOf(percent: number): string {
  return formatPercent(percent / 100)
}
