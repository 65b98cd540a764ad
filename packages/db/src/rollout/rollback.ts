import { PlatformError, type Standing, shortDigest } from '@understudy/core'
import { applyMove, decideRollout, isOpen, type RolloutTransition } from '@understudy/rollout'
import { type AuditEntry, audit } from '../audit/audit.ts'
import type { Database, Tx } from '../database.ts'
import { notifyChange } from '../notify.ts'
import { notifyRollback } from '../outbox/notify-transition.ts'
import {
  type ModelRecord,
  openRollout,
  type RolloutRecord,
  type VersionRecord,
  versionOf,
} from '../record/model-record.ts'
import { requestWork } from '../work/work-queue.ts'
import { type ActOutcome, lockRecord, requireReason } from './acts.ts'
import { applyTransition } from './apply-transition.ts'
import { deciderRollout, previousOf, rolloutFacts } from './decider-input.ts'
import { setHold } from './hold.ts'
import { restoreLive } from './move-live.ts'
import { setStanding } from './standing.ts'

export interface RollbackAct {
  readonly model: string
  /** The version to take off, as it was seen; undefined: the candidate of a canary, else whichever is live. */
  readonly from?: number | undefined
  /** The generation that was seen. */
  readonly generation?: number | undefined
  /** The version taken off counts as failed, not as withdrawn: it may be tried again on request. */
  readonly noWithdraw?: boolean | undefined
  readonly reason: string
  readonly actor: string
}

/** A candidate that answers clients without being live: it is what a rollback takes off unless another version is named. */
function canaryOf(record: ModelRecord, act: RollbackAct): RolloutRecord | null {
  const open = openRollout(record)
  if (!open || open.weightIndex === null || open.number === record.live) return null
  return act.from === undefined || act.from === open.number ? open : null
}

/** For so long the same words mean the same rollback. */
const SAME_ROLLBACK_MS = 600_000

/** A canary that a person has just taken off: whoever says it again does not mean what is live. */
function canaryTakenOff({ rollouts, live, readAt }: ModelRecord): RolloutRecord | null {
  const [ended] = rollouts
  if (!ended?.endedAt || ended.weightIndex === null || ended.number === live) return null
  const isRecent = readAt.getTime() - ended.endedAt.getTime() < SAME_ROLLBACK_MS
  return ended.reason === 'byUser' && isRecent ? ended : null
}

function stale(record: ModelRecord, act: RollbackAct): string | null {
  if (act.from !== undefined && act.from !== record.live) {
    const now = record.live === null ? 'nothing is live' : `v${record.live} is live`
    return `${record.name} v${act.from} is not live any more; ${now}. Nothing was changed.`
  }
  const [last] = record.promotions
  // The same version may have been taken off and restored since: the generation tells. Labels that moved beside it change nothing.
  const movedAt = last?.generation ?? 0
  if (act.generation !== undefined && (act.generation < movedAt || act.generation > record.generation)) {
    return `${record.name} changed since you looked (generation ${act.generation}, now ${record.generation}). Nothing was changed.`
  }
  if (act.from !== undefined) return null
  const canary = canaryTakenOff(record)
  if (canary) {
    return `v${canary.number} of ${record.name} was taken off its canary already. Nothing was changed: name the version to take v${record.live} off.`
  }
  if (last?.kind === 'rollback' && record.hold) {
    return `${record.name} was rolled back from v${last.fromNumber} to v${last.toNumber} by ${last.actor}. Nothing was changed: name the version to take v${last.toNumber} off too.`
  }
  return null
}

/** What a rollback takes off, and what it brings back. @throws PlatformError `rollout.no_previous` */
function versionsOf(record: ModelRecord): { readonly live: VersionRecord; readonly restored: VersionRecord } {
  const live = versionOf(record, record.live)
  if (!live)
    throw new PlatformError(
      'rollout.no_previous',
      `No version of ${record.name} is live: there is nothing to take off.`,
    )
  const restored = previousOf(record)
  if (restored) return { live, restored }
  throw new PlatformError(
    'rollout.no_previous',
    `${record.name} has no earlier version to return to: v${live.number} is the only one that may answer.`,
  )
}

/** How the open rollout ends by a rollback: in its bake it is what is taken off, else its baseline is no longer live. */
function endOf(record: ModelRecord, rollout: RolloutRecord, restored: number): RolloutTransition {
  const { position } = deciderRollout(record, rollout)
  if (rollout.step === 'bake') {
    const detail = `v${rollout.number} was taken off in its bake; v${restored} is live again`
    return applyMove(position, { cause: 'takenOff', detail })
  }
  const detail = `v${restored} is live again`
  return applyMove(position, { cause: 'aborted', reason: 'baselineChanged', detail })
}

async function standingOfTakenOff(
  tx: Tx,
  act: RollbackAct,
  digest: string,
): Promise<{ readonly standing: Standing; readonly word: string }> {
  const standing: Standing = act.noWithdraw ? 'failed' : 'withdrawn'
  await setStanding(tx, { model: act.model, digest, standing, reason: act.reason, actor: act.actor })
  return { standing, word: act.noWithdraw ? 'failed and may be tried again on request' : 'withdrawn' }
}

/**
 * Takes the live version off within a transaction: the warm previous one answers again, live is held, the digest is withdrawn.
 *
 * REQUIRES: the plan's lock, and a record read under it.
 */
export async function rollBackLive(tx: Tx, record: ModelRecord, act: RollbackAct): Promise<ActOutcome> {
  const { live, restored } = versionsOf(record)
  const entries: AuditEntry[] = []
  const open = openRollout(record)
  if (open) {
    const end = endOf(record, open, restored.number)
    const by = { actor: open.step === 'bake' ? act.actor : 'controller', analysis: null }
    entries.push(await applyTransition(tx, { record, rollout: open }, end, by))
  }
  const hold = { number: restored.number, reason: act.reason, actor: act.actor, expiresAt: null }
  await setHold(tx, record, hold)
  const { standing, word } = await standingOfTakenOff(tx, act, live.digest)
  const rolloutId = open?.step === 'bake' ? open.id : null
  const movedBy = { actor: act.actor, reason: act.reason, rolloutId }
  const generation = await restoreLive(tx, record, restored, movedBy)
  await requestWork(tx, 'model', record.name)
  await notifyChange(tx, 'plan')
  entries.push({
    actor: act.actor,
    action: 'rolledBack',
    model: record.name,
    number: live.number,
    sentence: `${act.actor} rolled ${record.name} back from v${live.number} to v${restored.number}`,
    reason: act.reason,
    details: { takenOff: live.digest, standing, restored: restored.digest, generation },
  })
  await notifyRollback(tx, { ...act, from: live.number, to: restored.number, generation })
  for (const entry of entries) await audit(tx, entry)
  return {
    changed: true,
    sentence: `${record.name} is back on v${restored.number}. v${live.number} (${shortDigest(live.digest)}) is ${word} and live is held.`,
  }
}

/** Takes the candidate of a canary off: live stays what it is, so nothing is held. */
async function abortCanary(
  tx: Tx,
  record: ModelRecord,
  rollout: RolloutRecord,
  act: RollbackAct,
): Promise<ActOutcome> {
  const person = { type: 'abort', actor: act.actor, reason: act.reason } as const
  const facts = rolloutFacts(record, rollout, { supersededBy: null, act: person, release: null })
  const transition = decideRollout(deciderRollout(record, rollout), facts)
  if (!transition || isOpen(transition.to))
    return { changed: false, sentence: `${record.name} v${rollout.number} goes on.` }
  const by = { actor: act.actor, reason: act.reason, analysis: null }
  const entry = await applyTransition(tx, { record, rollout }, transition, by)
  const { word } = await standingOfTakenOff(tx, act, rollout.digest)
  await requestWork(tx, 'model', record.name)
  await notifyChange(tx, 'plan')
  await audit(tx, entry)
  return {
    changed: true,
    sentence: `v${record.live} answers all requests of ${record.name} again. v${rollout.number} (${shortDigest(rollout.digest)}) is ${word}.`,
  }
}

/**
 * Takes a version off that answers clients, in one transaction and without Git: a canary's candidate, or what is live, for which the warm
 * previous version answers again.
 *
 * The latter sets a hold, withdraws the digest, moves the label, and records promotion and audit. The same rollback twice changes nothing.
 * @throws PlatformError `rollout.no_previous` when there is no version to return to, `rollout.reason_required`
 */
export async function rollback(
  database: Pick<Database, 'transaction'>,
  act: RollbackAct,
): Promise<ActOutcome> {
  requireReason(act.reason, 'roll it back')
  return await database.transaction(async (tx) => {
    const record = await lockRecord(tx, act.model)
    const canary = canaryOf(record, act)
    if (canary) return await abortCanary(tx, record, canary, act)
    const refused = stale(record, act)
    if (refused) return { changed: false, sentence: refused }
    return await rollBackLive(tx, record, act)
  })
}
