import type { Pool } from 'pg'
import type { CaptureRow } from './capture-rows.ts'

/**
 * Claims the replay of an open series for one incarnation, or renews its claim; false while another holds it. By the database's clock.
 *
 * Whoever takes over a claim that ran out goes on with the requests that are not counted; flushes of the former holder are refused.
 */
export async function claimReplay(
  pool: Pool,
  {
    seriesId,
    incarnation,
    leaseMs,
  }: Readonly<Record<'seriesId' | 'incarnation', string>> & { leaseMs: number },
): Promise<boolean> {
  const claimed = await pool.query(
    `INSERT INTO replay_claim (series_id, incarnation, lease_until)
     SELECT s.id, $2::uuid, clock_timestamp() + $3 * interval '1 millisecond' FROM evidence_series s WHERE s.id = $1 AND s.closed_at IS NULL
     ON CONFLICT (series_id) DO UPDATE SET incarnation = EXCLUDED.incarnation, lease_until = EXCLUDED.lease_until
     WHERE replay_claim.incarnation = EXCLUDED.incarnation OR replay_claim.lease_until < clock_timestamp()`,
    [seriesId, incarnation, leaseMs],
  )
  return claimed.rowCount !== 0
}

/**
 * Captured requests that a series has not counted, in an order that nobody can foresee and that is the same for whoever goes on: those of
 * its model that were captured before it began, so that none of them was one of its live pairs. `except` are under way already.
 */
export async function readReplays(
  pool: Pool,
  { seriesId, except, limit }: { seriesId: string; except: readonly string[]; limit: number },
): Promise<readonly CaptureRow[]> {
  const { rows } = await pool.query<CaptureRow>(
    `SELECT c.model, c.request_id AS "requestId", extract(epoch FROM c.captured_at)::float8 * 1000 AS "capturedAtMs", c.rows, c.body
     FROM evidence_series s JOIN capture c ON c.model = s.model AND c.captured_at < s.created_at
     WHERE s.id = $1 AND c.request_id <> ALL ($2::text[])
       AND NOT EXISTS (SELECT 1 FROM replayed_request r WHERE r.series_id = s.id AND r.request_id = c.request_id)
     ORDER BY md5(s.id::text || c.request_id), c.request_id LIMIT $3`,
    [seriesId, except, limit],
  )
  return rows
}
