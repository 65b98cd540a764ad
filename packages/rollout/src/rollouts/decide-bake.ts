import { formatVersion } from '../text/format.ts'
import { harmOf } from './decide-end.ts'
import type { RolloutFacts, RolloutRecord } from './rollout-facts.ts'
import type { Move } from './transitions.ts'

/**
 * Judges a version that is live by the one before it. Harm, or a person, brings that one back at once; no freeze, hold, newer version or
 * change in Git stands in the way. Without harm it succeeds when its time is over.
 */
export function advanceBake(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  const candidate = formatVersion(rollout.candidate.number)
  if (facts.live?.number !== rollout.candidate.number) {
    const now = facts.live === null ? 'no version' : formatVersion(facts.live.number)
    return { cause: 'takenOff', detail: `${candidate} was taken off in its bake; ${now} is live` }
  }
  return (
    byPerson(facts) ??
    byHarm(rollout, facts) ??
    (facts.nowMs - rollout.sinceMs >= facts.policy.bake
      ? { cause: 'baked', to: 'succeeded', detail: `${candidate} came through its bake` }
      : null)
  )
}

function byPerson({ act, previous }: RolloutFacts): Move | null {
  if (act?.type !== 'abort' || previous === null) return null
  const detail = `${act.actor} took it off: ${act.reason}; ${formatVersion(previous.number)} is live again`
  return { cause: 'rolledBack', detail }
}

function byHarm(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  const harm = harmOf(rollout, facts)
  if (harm === null) return null
  const { previous } = facts
  return previous === null
    ? {
        cause: 'failed',
        reason: harm.reason,
        detail: `${harm.detail} in its bake and stays live: there is no version to go back to`,
      }
    : {
        cause: 'rolledBack',
        detail: `${harm.detail} in its bake; ${formatVersion(previous.number)} is live again`,
      }
}
