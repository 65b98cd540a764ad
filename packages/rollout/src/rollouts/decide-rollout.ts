import { formatVersion } from '../text/format.ts'
import { clearanceOf } from './clearance.ts'
import { advanceBake } from './decide-bake.ts'
import { decideEnd } from './decide-end.ts'
import { advanceCanary, advanceShadow, goesOn } from './decide-evidence.ts'
import { advancePreparing } from './decide-preparing.ts'
import { advancePausedNodesLagging, advancePromoting } from './decide-promotion.ts'
import { atDecisionTimeout } from './rollout-deadline.ts'
import type { RolloutFacts, RolloutRecord } from './rollout-facts.ts'
import { phaseOf, type RolloutPhase, type RolloutPosition } from './rollout-position.ts'
import { applyMove, type Move, type RolloutTransition } from './transitions.ts'

/**
 * Decides the next move of a rollout from recorded facts, or null when it waits.
 *
 * What ends it is looked at first, in every state. It is promoted only by {@link clearanceOf}; a transition with the effect `promote` is to
 * be carried out in the transaction that moves the label and judges again.
 */
export function decideRollout(rollout: RolloutRecord, facts: RolloutFacts): RolloutTransition | null {
  const phase = phaseOf(rollout.position)
  const advance = ADVANCES[phase]
  if (advance === null) return null
  const move =
    phase === 'bake'
      ? advance(rollout, facts)
      : (decideEnd(rollout, facts) ?? byPause(rollout, facts) ?? advance(rollout, facts))
  return move ? applyMove(rollout.position, move) : null
}

/** Whether a member of a release group would go live now if it went alone: the group commits when all of its members would. */
export function isReadyToCommit(rollout: RolloutRecord, facts: RolloutFacts): boolean {
  return decideRollout(rollout, { ...facts, release: null })?.effect === 'promote'
}

type Advance = (rollout: RolloutRecord, facts: RolloutFacts) => Move | null

const ADVANCES = {
  preparing: advancePreparing,
  shadow: advanceShadow,
  canary: advanceCanary,
  promoting: advancePromoting,
  bake: advanceBake,
  pausedApproval: advancePausedApproval,
  pausedInconclusive: advancePausedWithoutVerdict,
  pausedNoData: advancePausedWithoutVerdict,
  pausedHeld: advancePausedHeld,
  pausedFrozen: advancePausedFrozen,
  pausedNodesLagging: advancePausedNodesLagging,
  pausedByUser: advancePausedByUser,
  succeeded: null,
  failed: null,
  aborted: null,
} as const satisfies Record<RolloutPhase, Advance | null>

function byPause({ position }: RolloutRecord, { act }: RolloutFacts): Move | null {
  if (act?.type !== 'pause' || phaseOf(position) === 'pausedByUser') return null
  const why = act.reason === '' ? '' : `: ${act.reason}`
  return { cause: 'paused', to: 'pausedByUser', detail: `${act.actor} paused it${why}` }
}

function advancePausedApproval(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  const { outcome, approvals } = clearanceOf(rollout, facts)
  if (outcome === 'cleared') return goesOn(rollout, facts, approvals)
  if (outcome === 'held') {
    return { cause: 'held', to: 'pausedHeld', detail: 'an operator holds what is live' }
  }
  return atDecisionTimeout(rollout, facts)
}

function advancePausedWithoutVerdict(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  const { act } = facts
  const candidate = formatVersion(rollout.candidate.number)
  if (act?.type === 'promoteNow') {
    const detail = `${act.actor} promotes ${candidate} without its verdict: ${act.reason}`
    return { cause: 'promotedNow', to: 'promoting', detail }
  }
  if (act?.type !== 'retry') return atDecisionTimeout(rollout, facts)
  const to = rollout.position.step === 'canary' ? 'canary' : 'shadow'
  return { cause: 'retried', to, detail: `${act.actor} lets the ${to} of ${candidate} go on` }
}

function advancePausedHeld(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  const { outcome, approvals } = clearanceOf(rollout, facts)
  if (outcome === 'cleared') return goesOn(rollout, facts, approvals)
  return facts.heldSinceMs === null
    ? { cause: 'released', to: 'pausedApproval', detail: 'the hold ended; approval is still missing' }
    : null
}

function advancePausedFrozen(_: RolloutRecord, { frozenUntilMs, nowMs }: RolloutFacts): Move | null {
  if (frozenUntilMs !== null && frozenUntilMs > nowMs) return null
  return { cause: 'thawed', to: 'promoting', detail: 'the freeze window is over' }
}

function advancePausedByUser({ position }: RolloutRecord, { act }: RolloutFacts): Move | null {
  if (act?.type !== 'resume') return null
  return { cause: 'resumed', to: whereItWas(position), detail: `${act.actor} lets it go on` }
}

/** The state that a pause interrupted. A pause of a pause goes back to its step, where the same reason pauses it again. */
function whereItWas({ step }: RolloutPosition) {
  return step === 'approval' ? 'pausedApproval' : step
}
