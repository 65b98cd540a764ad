import { formatDuration } from '../text/format.ts'
import { canaryAtMostMs } from './decide-evidence.ts'
import { lateAtMs } from './node-readiness.ts'
import type { NodeReport, RolloutFacts, RolloutRecord } from './rollout-facts.ts'
import { phaseOf, type RolloutPhase } from './rollout-position.ts'
import type { Move } from './transitions.ts'

/** Ends a rollout for which nobody decided in the time that the policy gives. */
export function atDecisionTimeout({ sinceMs }: RolloutRecord, { nowMs, policy }: RolloutFacts): Move | null {
  const { decisionTimeout } = policy
  if (nowMs - sinceMs < decisionTimeout) return null
  const detail = `nobody decided in ${formatDuration(decisionTimeout)}`
  return { cause: 'aborted', reason: 'deadline', detail }
}

/** When a rollout leaves its state by itself if nothing changes until then; null for one that has ended, or stands as long as its reason does. */
export function deadlineOf(rollout: RolloutRecord, facts: RolloutFacts): number | null {
  return DEADLINES[phaseOf(rollout.position)](rollout, facts)
}

type Deadline = (rollout: RolloutRecord, facts: RolloutFacts) => number | null

const decision: Deadline = ({ sinceMs }, { policy }) => sinceMs + policy.decisionTimeout
const none: Deadline = () => null

const DEADLINES = {
  preparing: (rollout, facts) =>
    nodesDeadline(rollout, facts, facts.limits.prepareTimeoutMs) ?? decision(rollout, facts),
  shadow: ({ sinceMs }, { policy }) => sinceMs + policy.shadow.maxDuration,
  canary: ({ sinceMs }, { policy }) => sinceMs + canaryAtMostMs(policy),
  promoting: (rollout, facts) => promotingDeadline(rollout, facts),
  bake: ({ sinceMs }, { policy }) => sinceMs + policy.bake,
  pausedApproval: decision,
  pausedInconclusive: decision,
  pausedNoData: decision,
  pausedHeld: none,
  // It goes on when the window is over.
  pausedFrozen: (_, { frozenUntilMs }) => frozenUntilMs,
  pausedNodesLagging: decision,
  pausedByUser: none,
  succeeded: none,
  failed: none,
  aborted: none,
} as const satisfies Record<RolloutPhase, Deadline>

function promotingDeadline(rollout: RolloutRecord, facts: RolloutFacts): number | null {
  const { promoteTimeoutMs } = facts.limits
  if (facts.nodes.length === 0) return rollout.sinceMs + promoteTimeoutMs
  return nodesDeadline(rollout, facts, promoteTimeoutMs) ?? decision(rollout, facts)
}

/** When the first node that is behind becomes late; null when none is. */
function nodesDeadline(
  { sinceMs }: RolloutRecord,
  { nodes, policy }: RolloutFacts,
  timeoutMs: number,
): number | null {
  const behind = nodes.filter((node: NodeReport) => node.state !== 'available')
  if (behind.length === 0) return null
  return Math.min(
    ...behind.map((node) => lateAtMs(node, { sinceMs, timeoutMs, atMostMs: policy.decisionTimeout })),
  )
}
