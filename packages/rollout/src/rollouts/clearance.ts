import type { RolloutFacts, RolloutRecord } from './rollout-facts.ts'

/** What stands between a version and promotion, the evidence first. */
export type Clearance = 'cleared' | 'noPass' | 'held' | 'approvalMissing'

/**
 * The one place that says a version may be promoted: it passed (or needs no evidence), nothing holds what is live, and enough people
 * approved. An approval given under a hold lets it go on, and the promotion ends the hold; one given before the hold does not.
 */
export function clearanceOf({ kind }: RolloutRecord, facts: RolloutFacts): Clearance {
  const { analysis, heldSinceMs, approvals } = facts
  const required = kind === 'evidence' ? approvals.required : 0
  if (kind === 'evidence' && analysis?.outcome !== 'pass') return 'noPass'
  if (heldSinceMs !== null) {
    const underHold = approvals.givenAtMs.filter((atMs) => atMs >= heldSinceMs).length
    return underHold >= Math.max(1, required) ? 'cleared' : 'held'
  }
  return approvals.givenAtMs.length >= required ? 'cleared' : 'approvalMissing'
}
