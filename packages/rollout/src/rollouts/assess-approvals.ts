import type { RolloutPolicy } from '@understudy/core'
import type { Approval, RolloutFacts, RolloutRecord } from './rollout-facts.ts'

/** How far one group of approvers is. */
export interface GroupApprovals {
  readonly name: string
  readonly counted: number
  readonly required: number
}

/** What the approvals of a rollout are worth now. */
export interface ApprovalAssessment {
  readonly suffices: boolean
  /** Distinct people whose approval counts. */
  readonly counted: readonly string[]
  /** How many it takes; one more where nobody is proved to have pushed the version and self-approval is refused. */
  readonly required: number
  readonly groups: readonly GroupApprovals[]
  /** The one who pushed the version approved it, which does not count here. */
  readonly selfApproval: string | null
  /** Self-approval is refused and nobody is proved to have pushed the version: at least two people approve. */
  readonly unverifiedPusher: boolean
  /** One approval of a local user was taken for all that the policy requires, as there is no login. To be said where it is recorded or shown. */
  readonly sufficedByLocal: boolean
}

/** How an actor is named while there is no login. */
const LOCAL_ACTOR = 'local:'

const NOTHING_REQUIRED = { required: 0, selfApprove: true, groups: [] } as const

/**
 * Counts the approvals of a rollout: distinct people, bound to this candidate, baseline and policy, not expired, and under a hold not older
 * than it. Where the policy requires none, a hold requires one.
 */
export function assessApprovals(rollout: RolloutRecord, facts: RolloutFacts): ApprovalAssessment {
  const policy = rollout.kind === 'evidence' ? facts.policy.approval : NOTHING_REQUIRED
  const actors = [...new Set(validApprovals(rollout, facts).map(({ actor }) => actor))]
  const self = policy.selfApprove ? null : (actors.find((actor) => actor === facts.pusher) ?? null)
  const counted = actors.filter((actor) => actor !== self)
  const unverifiedPusher = !policy.selfApprove && policy.required > 0 && facts.pusher === null
  const required = requiredOf(policy, { held: facts.heldSinceMs !== null, unverifiedPusher })
  const groups = policy.groups.map(({ name, members, required: needed }) => ({
    name,
    counted: counted.filter((actor) => members.includes(actor)).length,
    required: needed,
  }))
  const enough = counted.length >= required && groups.every((group) => group.counted >= group.required)
  const sufficedByLocal = !enough && actors.some((actor) => actor.startsWith(LOCAL_ACTOR))
  return {
    suffices: enough || sufficedByLocal,
    counted,
    required,
    groups,
    selfApproval: self,
    unverifiedPusher,
    sufficedByLocal,
  }
}

function requiredOf(
  { required }: Pick<RolloutPolicy['approval'], 'required'>,
  { held, unverifiedPusher }: { readonly held: boolean; readonly unverifiedPusher: boolean },
): number {
  return Math.max(required, held ? 1 : 0, unverifiedPusher ? 2 : 0)
}

function validApprovals(rollout: RolloutRecord, facts: RolloutFacts): readonly Approval[] {
  return facts.approvals.filter(
    (approval) =>
      approval.expiresAtMs > facts.nowMs &&
      approval.atMs >= (facts.heldSinceMs ?? 0) &&
      approval.candidateDigest === rollout.candidate.digest &&
      approval.baselineDigest === (rollout.baseline?.digest ?? null) &&
      approval.policyHash === rollout.policyHash,
  )
}
