import type { Tx } from './database.ts'
import { CHANGE_CHANNEL } from './node/change-listener.ts'

/** Hints to every process, when the transaction commits, that `topic` changed: `plan`, `work`, `record`. */
export async function notifyChange(tx: Tx, topic: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_notify(${CHANGE_CHANNEL}, ${topic})`
}
