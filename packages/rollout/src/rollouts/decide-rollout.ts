import { formatDuration, formatVersion, joinWords } from '../text/format.ts'
import { clearanceOf } from './clearance.ts'
import { decideEnd } from './decide-end.ts'
import { nodeReadiness } from './node-readiness.ts'
import type { RolloutFacts, RolloutRecord } from './rollout-facts.ts'
import { phaseOf, type RolloutPhase } from './rollout-position.ts'
import { applyMove, type Move, type RolloutTransition } from './transitions.ts'

/**
 * Decides the next move of a rollout from recorded facts, or null when it waits.
 *
 * What ends it is looked at first, in every state. It is promoted only by {@link clearanceOf}; `committed` is to be carried out
 * in the transaction that moves the label and judges again.
 */
export function decideRollout(rollout: RolloutRecord, facts: RolloutFacts): RolloutTransition | null {
  const phase = phaseOf(rollout.position)
  const move = ADVANCES[phase] && (decideEnd(rollout, facts) ?? ADVANCES[phase](rollout, facts))
  return move ? applyMove(rollout.position, move) : null
}

type Advance = (rollout: RolloutRecord, facts: RolloutFacts) => Move | null

const ADVANCES = {
  preparing: advancePreparing,
  shadow: advanceShadow,
  promoting: advancePromoting,
  pausedApproval: advancePausedApproval,
  pausedInconclusive: advancePausedWithoutVerdict,
  pausedNoData: advancePausedWithoutVerdict,
  pausedHeld: advancePausedHeld,
  pausedNodesLagging: advancePausedNodesLagging,
  succeeded: null,
  failed: null,
  aborted: null,
} as const satisfies Record<RolloutPhase, Advance | null>

function advancePreparing(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  const candidate = formatVersion(rollout.candidate.number)
  const readiness = readinessOf(rollout, facts, facts.limits.prepareTimeoutMs)
  switch (readiness.type) {
    case 'waiting':
      return null
    case 'error':
      return failedToLoad(`${candidate} does not load on ${readiness.node}: ${readiness.detail}`)
    case 'late': {
      const timeout = formatDuration(facts.limits.prepareTimeoutMs)
      return failedToLoad(`${candidate} was not available on ${joinWords(readiness.nodes)} after ${timeout}`)
    }
    case 'ready':
      if (rollout.kind === 'evidence') {
        return { cause: 'shadowReady', detail: `${candidate} is loaded and warm, its shadow begins` }
      }
      return clearanceOf(rollout, facts) === 'held'
        ? { cause: 'held', detail: `${candidate} is loaded and warm; an operator holds what is live` }
        : { cause: 'readyToPromote', detail: `${candidate} is loaded and warm and goes live` }
  }
}

function failedToLoad(detail: string): Move {
  return { cause: 'failed', reason: 'load', detail }
}

function advanceShadow(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  const candidate = formatVersion(rollout.candidate.number)
  switch (facts.analysis?.outcome) {
    case 'pass':
      return onPass(rollout, facts)
    case 'inconclusive':
      return { cause: 'inconclusive', detail: `the shadow of ${candidate} is inconclusive` }
    case 'noData':
      return { cause: 'noData', detail: `the shadow of ${candidate} saw no pair` }
    default:
      return null
  }
}

function onPass(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  const passed = `${formatVersion(rollout.candidate.number)} passed its shadow`
  switch (clearanceOf(rollout, facts)) {
    case 'cleared':
      return { cause: 'cleared', detail: `${passed} and goes live` }
    case 'held':
      return { cause: 'held', detail: `${passed}; an operator holds what is live` }
    case 'approvalMissing':
      return { cause: 'passed', detail: `${passed} and waits for approval` }
    case 'noPass':
      return null
  }
}

function advancePausedApproval(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  return clearanceOf(rollout, facts) === 'cleared' ? goesOn(rollout) : decisionDeadline(rollout, facts)
}

function advancePausedWithoutVerdict(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  if (facts.act?.type === 'retry') {
    const detail = `${facts.act.actor} lets the shadow of ${formatVersion(rollout.candidate.number)} go on`
    return { cause: 'retried', detail }
  }
  return decisionDeadline(rollout, facts)
}

function advancePausedHeld(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  switch (clearanceOf(rollout, facts)) {
    case 'cleared':
      return goesOn(rollout)
    case 'approvalMissing':
      return { cause: 'released', detail: 'the hold ended; approval is still missing' }
    default:
      return null
  }
}

function advancePromoting(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  const candidate = formatVersion(rollout.candidate.number)
  const clearance = clearanceOf(rollout, facts)
  if (clearance === 'held') return { cause: 'held', detail: `an operator holds what is live` }
  if (clearance === 'approvalMissing') {
    return { cause: 'approvalMissing', detail: `the approval of ${candidate} is no longer valid` }
  }
  if (clearance === 'noPass') return null
  const readiness = readinessOf(rollout, facts, facts.limits.promoteTimeoutMs)
  if (readiness.type === 'ready') return { cause: 'committed', detail: `${candidate} went live` }
  if (readiness.type === 'waiting') return null
  const names = readiness.type === 'error' ? [readiness.node] : readiness.nodes
  return { cause: 'nodesLag', detail: `${candidate} is not available on ${joinWords(names)}` }
}

function advancePausedNodesLagging(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  const readiness = readinessOf(rollout, facts, facts.limits.promoteTimeoutMs)
  return readiness.type === 'ready' ? goesOn(rollout) : null
}

function goesOn({ candidate }: RolloutRecord): Move {
  return { cause: 'cleared', detail: `${formatVersion(candidate.number)} goes live` }
}

function decisionDeadline(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  const { decisionTimeoutMs } = facts.limits
  if (facts.nowMs - rollout.sinceMs < decisionTimeoutMs) return null
  const detail = `nobody decided in ${formatDuration(decisionTimeoutMs)}`
  return { cause: 'aborted', reason: 'deadline', detail }
}

function readinessOf({ sinceMs }: RolloutRecord, { nodes, nowMs }: RolloutFacts, timeoutMs: number) {
  return nodeReadiness(nodes, { nowMs, sinceMs, timeoutMs })
}
