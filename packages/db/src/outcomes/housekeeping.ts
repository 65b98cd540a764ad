import type { Database } from '../database.ts'
import { notifyChange } from '../notify.ts'

const REMEMBERED_DAYS = 90
/** Rows of one statement, so that none takes long. */
const FORGET_ROWS_MAX = 10_000

/**
 * Asks for every model whose outcomes wait to be scored. One that waits to be looked at is not asked for again. Cheap when there is nothing to do:
 * made to be called every few seconds.
 */
export async function requestDueOutcomes(database: Database): Promise<void> {
  await database.transaction(async (tx) => {
    // A key that is locked is being asked for or claimed at this moment. Not waiting for it keeps this out of every deadlock.
    const asked = await tx.$executeRaw`
      UPDATE work_key SET requested_seq = requested_seq + 1
      WHERE kind = 'model' AND key IN (
        SELECT key FROM work_key WHERE kind = 'model' AND requested_seq = done_seq
          AND EXISTS (SELECT 1 FROM outcome WHERE model = key AND look_at <= clock_timestamp())
        FOR NO KEY UPDATE SKIP LOCKED)`
    if (asked > 0) await notifyChange(tx, 'work')
  })
}

/** Forgets outcomes, contradictions and scores after 90 days, a part at a time; gives how many rows went. Pairs stay with their series. */
export async function forgetOldOutcomes({ prisma }: Database): Promise<number> {
  const outcomes = await prisma.$executeRaw`
    DELETE FROM outcome WHERE (model, request_id, row) IN (
      SELECT model, request_id, row FROM outcome WHERE at < now() - ${REMEMBERED_DAYS} * interval '1 day' LIMIT ${FORGET_ROWS_MAX})`
  const contradictions = await prisma.$executeRaw`
    DELETE FROM outcome_contradiction WHERE (model, request_id, row, said) IN (
      SELECT model, request_id, row, said FROM outcome_contradiction WHERE at < now() - ${REMEMBERED_DAYS} * interval '1 day' LIMIT ${FORGET_ROWS_MAX})`
  const scores = await prisma.$executeRaw`
    DELETE FROM outcome_score WHERE (model, request_id, number) IN (
      SELECT model, request_id, number FROM outcome_score WHERE at < now() - ${REMEMBERED_DAYS} * interval '1 day' LIMIT ${FORGET_ROWS_MAX})`
  return outcomes + contradictions + scores
}
