import type { Tx } from '../database.ts'
import { findQualityAlarms } from '../outcomes/load-quality-curve.ts'
import { enqueueNotification } from './enqueue-notification.ts'
import { notificationOfQuality } from './notification-of-alarm.ts'

/** Puts into the outbox which live versions answer worse than in their rollout, each once. Returns how many are new. */
export async function tellQuality(tx: Tx): Promise<number> {
  let found = 0
  for (const alarm of await findQualityAlarms(tx)) {
    if (await enqueueNotification(tx, notificationOfQuality(alarm))) found += 1
  }
  return found
}
