import type { ErrorCode, Standing } from '@understudy/core'
import { formatVersion } from '../text/format.ts'
import type { TipVersion, VersionRef } from '../wish/wish.ts'
import { isRehearsable } from '../wish/wished-version.ts'
import type { CommandDecision } from './rollout-command.ts'
import type { RolloutRecord } from './rollout-facts.ts'

/** What a person's wish for a rehearsal is judged by. */
export interface RehearsalSituation {
  readonly model: string
  readonly number: number
  /** As it stands at the tip; null when Git does not hold the number. */
  readonly version: TipVersion | null
  readonly standing: Standing
  readonly live: VersionRef | null
  /** Null when none is open. */
  readonly openRollout: RolloutRecord | null
}

/** Says whether a version may be rehearsed: shadowed against live, without ever going live. Changes nothing itself. */
export function decideRehearsal(situation: RehearsalSituation): CommandDecision {
  const { model, number, openRollout, version, standing, live } = situation
  const name = `${model} ${formatVersion(number)}`
  if (openRollout?.kind === 'rehearsal' && openRollout.candidate.number === number) {
    return { type: 'done', message: `${name} is being rehearsed.` }
  }
  if (openRollout !== null) {
    const open = formatVersion(openRollout.candidate.number)
    return notStartable(`${open} is in rollout: wait for its end, or abort it, then rehearse ${name}.`)
  }
  if (version?.state !== 'validated') {
    const what = version === null ? 'is not in Git' : `is ${version.state}`
    return notStartable(`${name} ${what}: only a validated version can be rehearsed.`)
  }
  if (standing === 'withdrawn') {
    return refused('rollout.withdrawn', `${name} is withdrawn: lift it first.`)
  }
  if (isRehearsable({ version, standing, live })) return { type: 'accepted', as: 'rehearsal' }
  return notStartable(
    live === null
      ? `No version of ${model} is live: there is nothing to compare ${name} with.`
      : `${name} has the bytes that are live: there is nothing to compare.`,
  )
}

function notStartable(message: string): CommandDecision {
  return refused('rollout.not_startable', message)
}

function refused(code: ErrorCode, message: string): CommandDecision {
  return { type: 'refused', code, message }
}
