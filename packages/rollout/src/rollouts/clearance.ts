import { type ApprovalAssessment, assessApprovals } from './assess-approvals.ts'
import type { RolloutFacts, RolloutRecord } from './rollout-facts.ts'

/** What stands between a version and promotion, the evidence first. */
export interface Clearance {
  readonly outcome: 'cleared' | 'noPass' | 'held' | 'approvalMissing'
  /** What the approvals given so far are worth, under a hold only those given under it. */
  readonly approvals: ApprovalAssessment
}

/**
 * The one place that says a version may be promoted: it passed (or needs no evidence), nothing holds what is live, and the right people
 * approved. An approval given under a hold lets it go on, and the promotion ends the hold; one given before the hold does not. A
 * person's `promoteNow` stands for the pass and for the approval.
 */
export function clearanceOf(rollout: RolloutRecord, facts: RolloutFacts): Clearance {
  const { kind, promotedNow } = rollout
  const { analysis, heldSinceMs } = facts
  const approvals = assessApprovals(rollout, facts)
  if (kind === 'evidence' && promotedNow === null && analysis?.outcome !== 'pass') {
    return { outcome: 'noPass', approvals }
  }
  const insisted = promotedNow !== null && promotedNow.atMs >= (heldSinceMs ?? 0)
  if (insisted || approvals.suffices) return { outcome: 'cleared', approvals }
  if (heldSinceMs !== null) return { outcome: 'held', approvals }
  return { outcome: promotedNow === null ? 'approvalMissing' : 'cleared', approvals }
}
