import { randomUUID } from 'node:crypto'
import { PlatformError } from '@understudy/core'
import { audit } from '../audit/audit.ts'
import type { Database, Tx } from '../database.ts'
import { notifyChange } from '../notify.ts'
import type { ModelRecord } from '../record/model-record.ts'
import { requestWork } from '../work/work-queue.ts'
import { type ActOutcome, lockRecord, requireReason } from './acts.ts'

export interface HoldAct {
  readonly model: string
  readonly reason: string
  /** Past it the hold stands and alarms; null: it does not run out. */
  readonly expiresInMs: number | null
  readonly actor: string
}

export interface ReleaseHoldAct {
  readonly model: string
  readonly reason?: string | undefined
  readonly actor: string
}

/** Sets the hold of a model in the place of an earlier one. REQUIRES: the plan's lock, and a record read under it. */
export async function setHold(
  tx: Tx,
  record: ModelRecord,
  hold: {
    readonly number: number
    readonly reason: string
    readonly actor: string
    readonly expiresAt: Date | null
  },
): Promise<void> {
  await tx.hold.updateMany({
    where: { modelName: record.name, closedAt: null },
    data: { closedAt: record.readAt, closedBy: hold.actor },
  })
  // An approval counts under a hold when it is not older: both are dated by the database, under the plan's lock.
  const data = { id: randomUUID(), modelName: record.name, ...hold, createdAt: record.readAt }
  await tx.hold.create({ data })
}

function expiryOf(record: ModelRecord, expiresInMs: number | null): Date | null {
  return expiresInMs === null ? null : new Date(record.readAt.getTime() + expiresInMs)
}

/** Sent twice, the same duration ends a little later. */
const SAME_EXPIRY_MS = 60_000

function isSameTime(before: Date | null, after: Date | null): boolean {
  if (before === null || after === null) return before === after
  return Math.abs(after.getTime() - before.getTime()) < SAME_EXPIRY_MS
}

/**
 * Fixes what is live against Git until somebody releases it or approves another version under it. Newer versions are still tried.
 *
 * The same hold again, by whomever, changes nothing; another reason or expiry is another hold, under which approvals are given anew.
 * @throws PlatformError `control.invalid_input` when nothing is live, `rollout.reason_required`
 */
export async function hold(database: Database, act: HoldAct): Promise<ActOutcome> {
  requireReason(act.reason, 'hold it')
  return await database.transaction(async (tx) => {
    const record = await lockRecord(tx, act.model)
    const { live } = record
    if (live === null) {
      throw new PlatformError(
        'control.invalid_input',
        `No version of ${record.name} is live: there is nothing to hold.`,
      )
    }
    const held = record.hold
    const expiresAt = expiryOf(record, act.expiresInMs)
    if (held?.number === live && held.reason === act.reason && isSameTime(held.expiresAt, expiresAt)) {
      return {
        changed: false,
        sentence: `${record.name} v${live} is held already, by ${held.actor}: ${held.reason}.`,
      }
    }
    await setHold(tx, record, { number: live, reason: act.reason, actor: act.actor, expiresAt })
    await requestWork(tx, 'model', record.name)
    await notifyChange(tx, 'record')
    const until = expiresAt === null ? '' : ` until ${expiresAt.toISOString()}`
    await audit(tx, {
      actor: act.actor,
      action: 'held',
      model: record.name,
      number: live,
      sentence: `${act.actor} holds ${record.name} at v${live}${until}`,
      reason: act.reason,
      details: { expiresAt },
    })
    const after = expiresAt === null ? '' : ` It stands past ${expiresAt.toISOString()} too, and alarms then.`
    return {
      changed: true,
      sentence: `${record.name} is held at v${live}: newer versions are tried and wait.${after}`,
    }
  })
}

/** Ends the hold of a model: the next version goes its way again. Without a hold it changes nothing. */
export async function releaseHold(database: Database, act: ReleaseHoldAct): Promise<ActOutcome> {
  return await database.transaction(async (tx) => {
    const record = await lockRecord(tx, act.model)
    const held = record.hold
    if (held === null) return { changed: false, sentence: `${record.name} is not held.` }
    await tx.hold.updateMany({
      where: { modelName: record.name, closedAt: null },
      data: { closedAt: record.readAt, closedBy: act.actor },
    })
    await requestWork(tx, 'model', record.name)
    await notifyChange(tx, 'record')
    await audit(tx, {
      actor: act.actor,
      action: 'holdReleased',
      model: record.name,
      number: held.number,
      sentence: `${act.actor} released the hold of ${held.actor} on ${record.name} v${held.number}`,
      reason: act.reason,
      details: { heldSince: held.createdAt, heldFor: held.reason },
    })
    return { changed: true, sentence: `${record.name} is no longer held at v${held.number}.` }
  })
}
