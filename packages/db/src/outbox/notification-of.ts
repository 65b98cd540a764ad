import type { PauseReason } from '@understudy/core'
import { formatVersion, type RolloutTransition } from '@understudy/rollout'
import type { RolloutRecord } from '../record/model-record.ts'
import type { Notification, NotificationKind } from './notification.ts'

/** One move of a rollout, as it is recorded. */
export interface MovedRollout {
  readonly model: string
  /** As it was before. */
  readonly rollout: Pick<RolloutRecord, 'id' | 'number' | 'digest' | 'state' | 'pauseReason' | 'kind'>
  readonly transition: RolloutTransition
  /** Time of the transaction: tells moves of one rollout apart. */
  readonly at: Date
}

/** Pauses that end only when a person decides. */
const WAITS_FOR_A_PERSON: ReadonlySet<PauseReason> = new Set<PauseReason>([
  'approval',
  'held',
  'inconclusive',
  'noData',
])

const TITLES = {
  needsApproval: 'needs a decision',
  promoted: 'is live',
  failed: 'does not go live',
  rolledBack: 'was rolled back',
} as const satisfies Partial<Record<NotificationKind, string>>

/** A rehearsal promotes nothing whatever becomes of it. */
const REHEARSED = { ...TITLES, failed: 'failed its rehearsal' } as const

/**
 * What people are told of a move, or null: most moves are no news. They hear when a rollout waits for them, when a version went live, and
 * when one will not.
 */
export function notificationOf({ model, rollout, transition, at }: MovedRollout): Notification | null {
  const kind = kindOf(rollout, transition)
  if (kind === null) return null
  return {
    kind,
    dedupKey: `${kind}:${rollout.id}:${at.getTime()}`,
    model,
    version: rollout.number,
    title: `${model} v${rollout.number} ${rollout.kind === 'rehearsal' ? REHEARSED[kind] : TITLES[kind]}`,
    sentence: sentenceOf(model, formatVersion(rollout.number), transition.detail),
    path: `/models/${encodeURIComponent(model)}/rollouts/${rollout.id}`,
    details: {
      ...{ rolloutId: rollout.id, rolloutKind: rollout.kind, digest: rollout.digest },
      ...{ state: transition.to.state, step: transition.to.step, reason: transition.to.reason },
    },
  }
}

/** Many a detail begins with its version: that is not said twice. */
function sentenceOf(model: string, version: string, detail: string): string {
  return detail.startsWith(`${version} `) ? `${model} ${detail}` : `${model} ${version}: ${detail}`
}

function kindOf(
  rollout: MovedRollout['rollout'],
  { cause, effect, to }: RolloutTransition,
): keyof typeof TITLES | null {
  if (effect !== null) return effect === 'promote' ? 'promoted' : 'rolledBack'
  // The rollback that ended it is told by itself.
  if (cause === 'takenOff') return null
  switch (to.state) {
    case 'paused': {
      const isNews = rollout.state !== 'paused' || rollout.pauseReason !== to.reason
      return isNews && WAITS_FOR_A_PERSON.has(to.reason) ? 'needsApproval' : null
    }
    case 'failed':
      return 'failed'
    case 'aborted':
      // Clients had its answers, so it counts as withdrawn.
      if (to.reason === 'byUser' && to.step === 'canary') return 'rolledBack'
      // The others have an heir, or somebody who did it.
      return to.reason === 'deadline' ? 'failed' : null
    default:
      return null
  }
}

/** A rollback by a person, as it is recorded. */
export interface RolledBack {
  readonly model: string
  readonly from: number
  readonly to: number
  /** The new generation. */
  readonly generation: number
  readonly actor: string
  readonly reason: string
}

/** What people are told of a rollback: always something. */
export function notificationOfRollback(act: RolledBack): Notification {
  const { model, from, to, generation, actor, reason } = act
  return {
    kind: 'rolledBack',
    dedupKey: `rolledBack:${model}:${generation}`,
    model,
    version: from,
    title: `${model} v${from} ${TITLES.rolledBack}`,
    sentence: `${actor} rolled ${model} back from v${from} to v${to}: ${reason}`,
    path: `/models/${encodeURIComponent(model)}`,
    details: { from, to, generation, actor, reason },
  }
}
