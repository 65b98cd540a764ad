import { randomUUID } from 'node:crypto'
import type { Tx } from '../database.ts'
import { storableJson, storableText } from '../node/storable-text.ts'
import { notifyChange } from '../notify.ts'
import type { Notification } from './notification.ts'

/** Hint to controllers that there is something to deliver. */
export const OUTBOX_TOPIC = 'outbox'

/** Longer than any sentence of ours; reasons of people and messages of models are part of them. */
const TEXT_CHARACTERS_MAX = 2_000

/**
 * Promises that people are told, once, when the transaction commits, and never when it does not. False when the same event is in the outbox
 * already.
 *
 * REQUIRES: the transaction that does what the notification is about, before its audit entry.
 */
export async function enqueueNotification(tx: Tx, notification: Notification): Promise<boolean> {
  const { dedupKey, kind, model, version, title, sentence, path, details } = notification
  const body = { version, title: short(title), sentence: short(sentence), path, details }
  const written = await tx.$executeRaw`
    INSERT INTO outbox (id, dedup_key, kind, model, body)
    VALUES (${randomUUID()}::uuid, ${storableText(dedupKey)}, ${kind}, ${model}, ${storableJson(body)}::jsonb)
    ON CONFLICT (dedup_key) DO NOTHING`
  if (written === 0) return false
  await notifyChange(tx, OUTBOX_TOPIC)
  return true
}

function short(text: string): string {
  return text.length > TEXT_CHARACTERS_MAX ? `${text.slice(0, TEXT_CHARACTERS_MAX - 1)}…` : text
}
