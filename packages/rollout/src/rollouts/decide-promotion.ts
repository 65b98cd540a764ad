import { formatDuration, formatVersion, joinWords } from '../text/format.ts'
import { clearanceOf } from './clearance.ts'
import { type NodeReadiness, nodeReadiness } from './node-readiness.ts'
import { atDecisionTimeout } from './rollout-deadline.ts'
import type { RolloutFacts, RolloutRecord } from './rollout-facts.ts'
import type { Move } from './transitions.ts'

/** Commits when everything still allows it, every joined node is ready, and the other members of a release are too. */
export function advancePromoting(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  return againstIt(rollout, facts) ?? whenReady(rollout, facts)
}

/** What was true when the promotion began is judged again until its commit. */
function againstIt(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  const candidate = formatVersion(rollout.candidate.number)
  switch (clearanceOf(rollout, facts).outcome) {
    case 'held':
      return { cause: 'held', to: 'pausedHeld', detail: 'an operator holds what is live' }
    case 'approvalMissing': {
      const detail = `the approval of ${candidate} is no longer valid`
      return { cause: 'approvalMissing', to: 'pausedApproval', detail }
    }
    case 'noPass':
      return {
        cause: 'verdictMissing',
        to: 'pausedInconclusive',
        detail: `${candidate} has no pass any more`,
      }
    case 'cleared':
      break
  }
  if (facts.frozenUntilMs === null || facts.frozenUntilMs <= facts.nowMs) return null
  const detail = `a freeze window holds ${candidate} back until ${new Date(facts.frozenUntilMs).toISOString()}`
  return { cause: 'frozen', to: 'pausedFrozen', detail }
}

function whenReady(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  const readiness = readinessOf(rollout, facts)
  const candidate = formatVersion(rollout.candidate.number)
  switch (readiness.type) {
    case 'waiting':
      return null
    case 'none':
      return facts.nowMs - rollout.sinceMs < facts.limits.promoteTimeoutMs
        ? null
        : nodesLag('no serving node has joined')
    case 'error':
      return nodesLag(`${candidate} is not available on ${readiness.node}`)
    case 'late':
      return nodesLag(`${candidate} is not available on ${joinWords(readiness.nodes)}`)
    case 'ready':
      return (facts.release?.waitingFor.length ?? 0) > 0
        ? atReleaseTimeout(rollout, facts)
        : committed(rollout, facts)
  }
}

function nodesLag(detail: string): Move {
  return { cause: 'nodesLag', to: 'pausedNodesLagging', detail }
}

function committed(
  { kind, candidate, promotedNow }: RolloutRecord,
  { policy, live, release }: RolloutFacts,
): Move {
  const version = formatVersion(candidate.number)
  const how = [
    ...(release === null ? [] : [` with the release ${release.name}`]),
    ...(promotedNow === null ? [] : [` without its verdict, by ${promotedNow.actor}: ${promotedNow.reason}`]),
  ].join('')
  // Only a compared version has a version before it that can go on judging.
  const bakes = kind === 'evidence' && live !== null && policy.bake > 0
  if (!bakes) return { cause: 'committed', to: 'succeeded', detail: `${version} went live${how}` }
  const judge = `${formatVersion(live.number)} judges it for ${formatDuration(policy.bake)}`
  return { cause: 'committed', to: 'bake', detail: `${version} went live${how}; ${judge}` }
}

function atReleaseTimeout(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  const end = atDecisionTimeout(rollout, facts)
  if (end === null || facts.release === null) return null
  const { name, waitingFor } = facts.release
  const detail = `the release ${name} waited for ${joinWords(waitingFor)} too long`
  return { ...end, detail }
}

/** Goes on when the nodes caught up. */
export function advancePausedNodesLagging(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  if (readinessOf(rollout, facts).type !== 'ready') return atDecisionTimeout(rollout, facts)
  const detail = `every node has ${formatVersion(rollout.candidate.number)}, which goes live`
  return { cause: 'cleared', to: 'promoting', detail }
}

function readinessOf(
  { sinceMs }: RolloutRecord,
  { nodes, nowMs, limits, policy }: RolloutFacts,
): NodeReadiness {
  const timeoutMs = limits.promoteTimeoutMs
  return nodeReadiness(nodes, { nowMs, sinceMs, timeoutMs, atMostMs: policy.decisionTimeout })
}
