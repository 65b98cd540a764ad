import type { RolloutView } from '@understudy/api/views'
import { rolloutLook, VERDICT_LOOKS } from '../states.tsx'

/** One thing a decision rests on that is no longer as it was seen. */
export interface DecisionChange {
  readonly name: string
  readonly was: string
  readonly now: string
}

/**
 * What changed, of all a decision rests on, between what a person saw and what is true now.
 *
 * Counters that grew are no change: the verdict is what they come to.
 */
export function decisionChanges(seen: RolloutView, now: RolloutView): readonly DecisionChange[] {
  const lines: DecisionChange[] = [
    { name: 'Candidate', was: version(seen.candidate), now: version(now.candidate) },
    { name: 'Baseline', was: version(seen.baseline), now: version(now.baseline) },
    { name: 'Policy', was: seen.seen.policyHash.slice(0, 8), now: now.seen.policyHash.slice(0, 8) },
    { name: 'Verdict', was: verdict(seen), now: verdict(now) },
    { name: 'Rollout', was: standing(seen), now: standing(now, seen.id) },
  ]
  return lines.filter((line) => line.was !== line.now)
}

function version(ref: RolloutView['baseline']): string {
  return ref === null ? 'none' : `v${ref.number} ${ref.digest.slice(0, 8)}`
}

function verdict({ verdict: outcome }: RolloutView): string {
  return VERDICT_LOOKS[outcome ?? 'collecting'].word.en
}

function standing(rollout: RolloutView, seenId: string = rollout.id): string {
  const word = rolloutLook(rollout).word.en
  return rollout.id === seenId ? word : `a new one, ${word.toLowerCase()}`
}
