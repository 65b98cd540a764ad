import type { RolloutTransition } from '@understudy/rollout'
import type { Tx } from '../database.ts'
import type { ModelRecord, RolloutRecord } from '../record/model-record.ts'
import { enqueueNotification } from './enqueue-notification.ts'
import { notificationOf, notificationOfRollback, type RolledBack } from './notification-of.ts'

/**
 * Tells people of a move of a rollout, where it is news, in the transaction that records it.
 *
 * REQUIRES: the plan's lock, and that the audit entry comes after it.
 */
export async function notifyTransition(
  tx: Tx,
  subject: { readonly record: ModelRecord; readonly rollout: RolloutRecord },
  transition: RolloutTransition,
): Promise<void> {
  const { record, rollout } = subject
  const notification = notificationOf({ model: record.name, rollout, transition, at: record.readAt })
  if (notification) await enqueueNotification(tx, notification)
}

/** Tells people of a rollback, in the transaction that did it and before its audit entry. */
export async function notifyRollback(tx: Tx, act: RolledBack): Promise<void> {
  await enqueueNotification(tx, notificationOfRollback(act))
}
