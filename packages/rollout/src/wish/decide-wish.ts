import type { RolloutKind } from '@understudy/core'
import { decideDrift } from './decide-drift.ts'
import type { TipVersion, WishAct, WishDecision, WishInput } from './wish.ts'
import { requestedRehearsal, standingOf, wishedVersion } from './wished-version.ts'

/**
 * Decides what Git asks for, the one act that follows, and whether what is served differs from it.
 *
 * Withdrawn wins over hold, hold over trigger. A hold does not keep a version from being tried, only from going live. Nothing is
 * started below live, without validation, or with a digest that failed (save on request) or was withdrawn; deleting files from Git
 * never takes off what is live, in its bake or after. Calling it again on what it brought about gives `none`.
 */
export function decideWish(input: WishInput): WishDecision {
  const wished = input.stalled ? null : wishedVersion(input)
  return {
    wish: wished?.number ?? input.plan.live?.number ?? null,
    act: decideAct(input, wished),
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
  if (wished === null || wished.number === candidate.number) return { type: 'none' }
  return { ...startOf(input, wished), type: 'supersede' }
}

/** A rehearsal that was asked for comes first, save when another version is to go live: then it waits. */
function startAny(input: WishInput, wished: TipVersion | null): WishAct {
  const rehearsed = input.stalled ? null : requestedRehearsal(input)
  if (rehearsed !== null && (wished === null || wished.number === rehearsed.number)) {
    return { type: 'start', number: rehearsed.number, kind: 'rehearsal' }
  }
  return wished ? startOf(input, wished) : { type: 'none' }
}

function startOf(input: WishInput, wished: TipVersion) {
  return { type: 'start' as const, number: wished.number, kind: kindOf(input, wished) }
}

function kindOf({ plan, strategy }: WishInput, wished: TipVersion): RolloutKind {
  if (plan.live === null) return 'first'
  // The same bytes under a new number: nothing can change for a client, so there is nothing to compare.
  if (plan.live.digest === wished.digest) return 'returning'
  return strategy === 'immediate' ? 'immediate' : 'evidence'
}
