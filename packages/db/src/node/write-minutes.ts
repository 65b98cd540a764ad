import type { PoolClient } from 'pg'
import type { MinuteRow } from './evidence-flush.ts'

/**
 * Upserts minutes of one incarnation, in the transaction of the client. They are absolute: a repeated or late row takes nothing back,
 * one of a closed series or of a series that is gone changes nothing.
 */
export async function writeMinutes(
  client: PoolClient,
  incarnation: string,
  minutes: readonly MinuteRow[],
): Promise<void> {
  if (minutes.length === 0) return
  await client.query(
    `INSERT INTO evidence_minute (series_id, incarnation, minute, requests, sampled, seq)
     SELECT m.series_id, $1, m.minute, m.requests, m.sampled, m.seq
     FROM unnest($2::uuid[], $3::timestamptz[], $4::bigint[], $5::bigint[], $6::bigint[]) AS m(series_id, minute, requests, sampled, seq)
     JOIN evidence_series s ON s.id = m.series_id AND s.closed_at IS NULL
     ORDER BY m.series_id, m.minute
     ON CONFLICT (series_id, incarnation, minute) DO UPDATE
       SET requests = EXCLUDED.requests, sampled = EXCLUDED.sampled, seq = EXCLUDED.seq
     WHERE evidence_minute.seq < EXCLUDED.seq`,
    [
      incarnation,
      minutes.map((row) => row.seriesId),
      minutes.map((row) => new Date(row.minuteMs)),
      minutes.map((row) => row.requests),
      minutes.map((row) => row.sampled),
      minutes.map((row) => row.seq),
    ],
  )
}
