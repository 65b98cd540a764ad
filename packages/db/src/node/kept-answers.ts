import type { Pool, PoolClient } from 'pg'
import { storableJsonText } from './storable-text.ts'

/** What one version answered in one row, kept to be scored when an outcome is reported. */
export interface KeptAnswerRow {
  readonly model: string
  readonly requestId: string
  readonly number: number
  readonly digest: string
  /** Of the request. */
  readonly row: number
  /** Series and step of the pair that it is half of; null for a live answer outside of rollouts. */
  readonly pair: { readonly seriesId: string; readonly step: string } | null
  readonly source: 'live' | 'replay'
  /** All outputs of that row as JSON: `{"<output>": {dtype, shape, values}}`, values in row-major order, as `rowAnswer` of `@understudy/rollout` makes it. */
  readonly answer: string
  /** Milliseconds since the epoch, by the node's clock. */
  readonly atMs: number
}

const KEPT_DAYS = 30
/** A node forgets so many rows at a time, so that no statement takes long. */
const FORGET_ROWS_MAX = 5_000

/**
 * Upserts kept answers, in the transaction of the client. Writing them again changes nothing; the answer of a pair takes the place of one
 * that was kept before for another reason, so that both halves of a pair are of one row.
 */
export async function writeKeptAnswers(client: PoolClient, answers: readonly KeptAnswerRow[]): Promise<void> {
  if (answers.length === 0) return
  await client.query(
    `INSERT INTO kept_answer (model, request_id, number, digest, row, series_id, step, source, answer, at)
     SELECT DISTINCT ON (a.model, a.request_id, a.number) a.* FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::int[], $6::uuid[],
       $7::text[], $8::text[], $9::jsonb[], $10::timestamptz[])
       AS a(model, request_id, number, digest, row, series_id, step, source, answer, at)
     ORDER BY a.model, a.request_id, a.number, a.series_id NULLS LAST
     ON CONFLICT (model, request_id, number) DO UPDATE SET digest = EXCLUDED.digest, row = EXCLUDED.row, series_id = EXCLUDED.series_id,
       step = EXCLUDED.step, source = EXCLUDED.source, answer = EXCLUDED.answer, at = EXCLUDED.at
     WHERE EXCLUDED.series_id IS NOT NULL AND kept_answer.series_id IS DISTINCT FROM EXCLUDED.series_id`,
    [
      answers.map((row) => row.model),
      answers.map((row) => row.requestId),
      answers.map((row) => row.number),
      answers.map((row) => row.digest),
      answers.map((row) => row.row),
      answers.map((row) => row.pair?.seriesId ?? null),
      answers.map((row) => row.pair?.step ?? null),
      answers.map((row) => row.source),
      answers.map((row) => storableJsonText(row.answer)),
      answers.map((row) => new Date(row.atMs)),
    ],
  )
}

/** Forgets answers after 30 days, a part at a time. */
export async function forgetOldAnswers(client: Pick<Pool | PoolClient, 'query'>): Promise<void> {
  await client.query(
    `DELETE FROM kept_answer WHERE (model, request_id, number) IN (
       SELECT model, request_id, number FROM kept_answer WHERE at < clock_timestamp() - $1 * interval '1 day' LIMIT $2)`,
    [KEPT_DAYS, FORGET_ROWS_MAX],
  )
}
