import type { RolloutKind } from '@understudy/core'
import { isCompared } from '../rollouts/rollout-position.ts'
import { decideDrift } from './decide-drift.ts'
import { isUnwanted } from './pointed-version.ts'
import { isPointedAt, standingOf } from './triable.ts'
import type { OpenRollout, TipVersion, WishAct, WishDecision, WishInput } from './wish.ts'
import { requestedRehearsal, wishedVersion } from './wished-version.ts'

/**
 * Decides what Git asks for, the one act that follows, and whether what is served differs from it.
 *
 * Withdrawn wins over hold, hold over pointer entry, entry over trigger. A hold does not keep a version from being tried, only from going
 * live. An entry is carried out once: what people decide after that stands until the entry changes. Nothing is started below live (save by
 * an entry), without validation, or with a digest that failed (save on request) or was withdrawn; deleting files from Git never takes off
 * what is live, in its bake or after. Calling it again on what it brought about gives `none`.
 */
export function decideWish(input: WishInput): WishDecision {
  const wished = input.stalled ? null : wishedVersion(input)
  const { pointer, plan } = input
  return {
    wish: pointer?.live ?? wished?.number ?? plan.live?.number ?? null,
    act: decideAct(input, wished),
    settles: plan.live !== null && isPointedAt(input, plan.live),
    drift: decideDrift(input),
  }
}

function decideAct(input: WishInput, wished: TipVersion | null): WishAct {
  const { rollout, plan, tip, stalled } = input
  if (rollout === null) return startAny(input, wished)
  const { candidate, baseline } = rollout
  // It is live: what comes next waits until it has proved itself, and what left Git is drift.
  if (rollout.step === 'bake') return { type: 'none' }
  if (baseline?.number !== plan.live?.number) return { type: 'abort', reason: 'baselineChanged' }
  if (standingOf(input, candidate.digest) === 'withdrawn') return { type: 'abort', reason: 'byUser' }
  if (stalled) return { type: 'none' }
  if (!tip.some(({ number, digest }) => number === candidate.number && digest === candidate.digest)) {
    return { type: 'abort', reason: 'deletedInGit' }
  }
  return wished === null ? endUnwanted(input) : overtake(input, rollout, wished)
}

/** The open rollout of what is wished goes on, unless it may go live without evidence by now, or may no longer. */
function overtake(input: WishInput, rollout: OpenRollout, wished: TipVersion): WishAct {
  const start = startOf(input, wished)
  const isSame = wished.number === rollout.candidate.number
  const isShorter = start.kind === 'returning' && isCompared(rollout.kind)
  return isSame && !isShorter && !isUnwanted(input) ? { type: 'none' } : { ...start, type: 'supersede' }
}

function endUnwanted(input: WishInput): WishAct {
  const { pointer, plan } = input
  const number = pointer?.live ?? plan.live?.number
  return number === undefined || !isUnwanted(input)
    ? { type: 'none' }
    : { type: 'supersede', number, kind: null }
}

/** A rehearsal that was asked for comes first, save when another version is to go live: then it waits. */
function startAny(input: WishInput, wished: TipVersion | null): WishAct {
  const rehearsed = input.stalled ? null : requestedRehearsal(input)
  const isFirst = wished === null || (wished.number === rehearsed?.number && !isReturning(input, wished))
  if (rehearsed !== null && isFirst) {
    return { type: 'start', number: rehearsed.number, kind: 'rehearsal' }
  }
  return wished ? startOf(input, wished) : { type: 'none' }
}

function startOf(input: WishInput, wished: TipVersion) {
  return { type: 'start' as const, number: wished.number, kind: kindOf(input, wished) }
}

function kindOf(input: WishInput, wished: TipVersion): RolloutKind {
  if (input.plan.live === null) return 'first'
  if (isReturning(input, wished)) return 'returning'
  return input.strategy === 'immediate' ? 'immediate' : 'evidence'
}

/**
 * The same bytes under a new number: nothing can change for a client, so there is nothing to compare. And what the environment file asks
 * for, once it is proven: its evidence was judged before.
 */
function isReturning(input: WishInput, wished: TipVersion): boolean {
  if (input.plan.live?.digest === wished.digest) return true
  return isPointedAt(input, wished) && standingOf(input, wished.digest) === 'proven'
}
