import type { Database, Tx } from '../database.ts'
import { notifyChange } from '../notify.ts'

/**
 * Asks for every model with an open rollout: its evidence, or what its nodes report, has changed. One that waits to be looked at
 * is not asked for again; one that is being looked at may have read what was before.
 */
export async function requestOpenRollouts(database: Database): Promise<void> {
  await database.transaction(async (tx: Tx) => {
    // A key that is locked is being asked for or claimed at this moment. Not waiting for it keeps this out of every deadlock.
    const asked = await tx.$executeRaw`
      UPDATE work_key SET requested_seq = requested_seq + 1
      WHERE kind = 'model' AND key IN (
        SELECT key FROM work_key
        WHERE kind = 'model' AND (requested_seq = done_seq OR lease_until > clock_timestamp())
          AND key IN (SELECT model FROM rollout WHERE state IN ('progressing', 'paused'))
        FOR NO KEY UPDATE SKIP LOCKED)`
    if (asked > 0) await notifyChange(tx, 'work')
  })
}

/** Asks for everything that may have been missed while no controller ran: unvalidated versions and every model. */
export async function requestUnfinished(database: Database): Promise<void> {
  await database.transaction(async (tx: Tx) => {
    await tx.$executeRaw`
      INSERT INTO work_key (kind, key) SELECT 'version', model || '/' || number FROM model_version WHERE state IN ('discovered', 'validating')
      ORDER BY model, number
      ON CONFLICT (kind, key) DO UPDATE SET requested_seq = work_key.requested_seq + 1`
    await tx.$executeRaw`
      INSERT INTO work_key (kind, key) SELECT 'model', name FROM model ORDER BY name
      ON CONFLICT (kind, key) DO UPDATE SET requested_seq = work_key.requested_seq + 1`
    await notifyChange(tx, 'work')
  })
}

const NODE_REMEMBERED_DAYS = 7

/** Forgets node processes whose lease ran out long ago, with what they reported. What they counted stays. */
export async function forgetLapsedNodes(database: Database): Promise<number> {
  return await database.prisma.$executeRaw`
    DELETE FROM node WHERE lease_until < clock_timestamp() - ${NODE_REMEMBERED_DAYS} * interval '1 day'`
}
