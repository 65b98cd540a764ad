import type { Pool, PoolClient } from 'pg'

/** A live request that is kept to be replayed. */
export interface CaptureRow {
  readonly model: string
  readonly requestId: string
  /** Milliseconds since the epoch, by the node's clock. */
  readonly capturedAtMs: number
  readonly rows: number
  /** Encrypted: the record has no key to it. */
  readonly body: Uint8Array
}

/** What may be kept of one model; of more, the newest stay. */
export interface CaptureLimits {
  readonly maxRequests: number
  readonly maxBytes: number
  readonly maxAgeMs: number
}

/** No request is kept longer, whatever a policy says. */
const CAPTURE_AGE_MS_MAX = 7 * 86_400_000

/** Inserts captured requests; the first of an id stays. Bodies travel as they are, without a text form that would hold up the loop. */
export async function writeCaptures(client: PoolClient, captures: readonly CaptureRow[]): Promise<void> {
  if (captures.length === 0) return
  const values = captures.map((_, index) => {
    const [model, id, at, rows, size, body] = [1, 2, 3, 4, 5, 6].map((column) => `$${6 * index + column}`)
    return `(${model}, ${id}, ${at}::timestamptz, ${rows}::int, ${size}::int, ${body}::bytea)`
  })
  await client.query(
    `INSERT INTO capture (model, request_id, captured_at, rows, size_bytes, body) VALUES ${values.join(', ')} ON CONFLICT DO NOTHING`,
    captures.flatMap((row) => [
      row.model,
      row.requestId,
      new Date(row.capturedAtMs),
      row.rows,
      row.body.byteLength,
      row.body,
    ]),
  )
}

/** Forgets what is beyond the limits of one model: the oldest first. Reads no body. */
export async function trimCaptures(
  client: Pick<Pool | PoolClient, 'query'>,
  model: string,
  limits: CaptureLimits,
): Promise<void> {
  await client.query(
    `DELETE FROM capture c USING (
       SELECT request_id, captured_at,
         row_number() OVER newest_first AS place,
         sum(size_bytes) OVER newest_first AS bytes
       FROM capture WHERE model = $1
       WINDOW newest_first AS (ORDER BY captured_at DESC, request_id)) ranked
     WHERE c.model = $1 AND c.request_id = ranked.request_id
       AND (ranked.place > $2 OR ranked.bytes > $3 OR ranked.captured_at < clock_timestamp() - $4 * interval '1 millisecond')`,
    [model, limits.maxRequests, limits.maxBytes, limits.maxAgeMs],
  )
}

/** Forgets requests of models that keep none any more, and what no policy keeps so long. Bounded: the rest goes the next time. */
export async function forgetCaptures(
  client: Pick<Pool | PoolClient, 'query'>,
  keepingModels: readonly string[],
): Promise<void> {
  await client.query(
    `DELETE FROM capture WHERE (model, request_id) IN (
       SELECT model, request_id FROM capture
       WHERE model <> ALL ($1::text[]) OR captured_at < clock_timestamp() - $2 * interval '1 millisecond' LIMIT 5000)`,
    [keepingModels, CAPTURE_AGE_MS_MAX],
  )
}
