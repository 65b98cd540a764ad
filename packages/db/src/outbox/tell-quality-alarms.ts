import type { Tx } from '../database.ts'
import { enqueueNotification } from './enqueue-notification.ts'
import { notificationOfQuality, type QualityWorse } from './notification-of-alarm.ts'

/** Puts versions that have become worse on outcomes into the outbox, each once. Returns how many are new. */
export async function tellQualityAlarms(tx: Tx, alarms: readonly QualityWorse[]): Promise<number> {
  let told = 0
  for (const alarm of alarms) if (await enqueueNotification(tx, notificationOfQuality(alarm))) told += 1
  return told
}
