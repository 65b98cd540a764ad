import { randomUUID } from 'node:crypto'
import { PlatformError, shortDigest } from '@understudy/core'
import { applyMove } from '@understudy/rollout'
import { type AuditEntry, audit } from '../audit/audit.ts'
import type { Database, Tx } from '../database.ts'
import { notifyChange } from '../notify.ts'
import { notifyRollback } from '../outbox/notify-transition.ts'
import { lockPlan, moveLabels } from '../plan/plan-store.ts'
import {
  type ModelRecord,
  openRollout,
  standingOf,
  type VersionRecord,
  versionOf,
} from '../record/model-record.ts'
import { requestWork } from '../work/work-queue.ts'
import { type ActOutcome, lockRecord } from './acts.ts'
import { applyTransition } from './apply-transition.ts'
import { deciderRollout } from './decider-input.ts'
import { setStanding } from './standing.ts'

export interface RollbackAct {
  readonly model: string
  /** The version to take off, as it was seen; undefined: whichever is live. */
  readonly from?: number | undefined
  /** The generation that was seen. */
  readonly generation?: number | undefined
  readonly reason: string
  readonly actor: string
}

/**
 * The version that preceded a restored one, if it may still answer; null otherwise. The same bytes under another number are no way
 * back: rolling back to them would withdraw what it restores.
 */
export function precededBy(record: ModelRecord, restored: number): VersionRecord | null {
  const digest = versionOf(record, restored)?.digest
  const seen = new Set<number>()
  let at: number | null = restored
  while (at !== null && !seen.has(at)) {
    seen.add(at)
    const to: number = at
    const promotion = record.promotions.find((row) => row.toNumber === to && row.kind !== 'rollback')
    const earlier = versionOf(record, promotion?.fromNumber ?? null)
    if (!earlier) return null
    if (earlier.digest !== digest) return standingOf(record, earlier.digest) === 'withdrawn' ? null : earlier
    at = earlier.number
  }
  return null
}

/** A rollout against the version taken off compares with something that is no longer live. */
async function abortOpenRollout(tx: Tx, record: ModelRecord, restored: number): Promise<AuditEntry | null> {
  const rollout = openRollout(record)
  if (!rollout) return null
  const transition = applyMove(deciderRollout(record, rollout).position, {
    cause: 'aborted',
    reason: 'baselineChanged',
    detail: `v${restored} is live again`,
  })
  return await applyTransition(tx, { record, rollout }, transition, { actor: 'controller', analysis: null })
}

async function holdLive(tx: Tx, record: ModelRecord, act: RollbackAct, number: number): Promise<void> {
  await tx.hold.updateMany({
    where: { modelName: record.name, closedAt: null },
    data: { closedAt: record.readAt, closedBy: act.actor },
  })
  await tx.hold.create({
    data: {
      id: randomUUID(),
      modelName: record.name,
      number,
      reason: act.reason,
      actor: act.actor,
      // An approval counts under a hold when it is not older: both are dated by the database, under the plan's lock.
      createdAt: record.readAt,
    },
  })
}

function stale(record: ModelRecord, act: RollbackAct): string | null {
  if (act.from !== undefined && act.from !== record.live) {
    const now = record.live === null ? 'nothing is live' : `v${record.live} is live`
    return `${record.name} v${act.from} is not live any more; ${now}. Nothing was changed.`
  }
  // The same version may have been taken off and restored since: the generation tells.
  if (act.generation !== undefined && act.generation !== record.generation) {
    return `${record.name} changed since you looked (generation ${act.generation}, now ${record.generation}). Nothing was changed.`
  }
  const [last] = record.promotions
  if (act.from === undefined && last?.kind === 'rollback' && record.hold) {
    return `${record.name} was rolled back from v${last.fromNumber} to v${last.toNumber} by ${last.actor}. Nothing was changed: name the version to take v${last.toNumber} off too.`
  }
  return null
}

/**
 * Takes the live version off and lets the warm previous one answer again: one transaction, no Git.
 *
 * It sets a hold, withdraws the digest, moves the label, and records promotion and audit. The same rollback twice changes nothing.
 * @throws PlatformError `rollout.no_previous` when there is no version to return to
 */
export async function rollback(
  database: Pick<Database, 'transaction'>,
  act: RollbackAct,
): Promise<ActOutcome> {
  return await database.transaction(async (tx) => {
    const record = await lockRecord(tx, act.model)
    const refused = stale(record, act)
    if (refused) return { changed: false, sentence: refused }
    const live = versionOf(record, record.live)
    const restored = versionOf(record, record.previous)
    if (!live)
      throw new PlatformError(
        'rollout.no_previous',
        `No version of ${record.name} is live: there is nothing to take off.`,
      )
    if (!restored || standingOf(record, restored.digest) === 'withdrawn') {
      throw new PlatformError(
        'rollout.no_previous',
        `${record.name} has no earlier version to return to: v${live.number} is the only one that may answer.`,
      )
    }
    const aborted = await abortOpenRollout(tx, record, restored.number)
    await holdLive(tx, record, act, restored.number)
    await setStanding(tx, {
      model: record.name,
      digest: live.digest,
      standing: 'withdrawn',
      reason: act.reason,
      actor: act.actor,
    })
    const plan = await lockPlan(tx, record.name)
    const generation = await moveLabels(tx, plan, {
      live: restored.number,
      previous: precededBy(record, restored.number)?.number ?? null,
      candidate: null,
      kind: 'rollback',
      rolloutId: null,
      toDigest: restored.digest,
      actor: act.actor,
      reason: act.reason,
    })
    await requestWork(tx, 'model', record.name)
    await notifyChange(tx, 'plan')
    await notifyRollback(tx, { ...act, from: live.number, to: restored.number, generation })
    if (aborted) await audit(tx, aborted)
    await audit(tx, {
      actor: act.actor,
      action: 'rolledBack',
      model: record.name,
      number: live.number,
      sentence: `${act.actor} rolled ${record.name} back from v${live.number} to v${restored.number}`,
      reason: act.reason,
      details: { withdrawn: live.digest, restored: restored.digest, generation },
    })
    return {
      changed: true,
      sentence: `${record.name} is back on v${restored.number}. v${live.number} (${shortDigest(live.digest)}) is withdrawn and live is held.`,
    }
  })
}
