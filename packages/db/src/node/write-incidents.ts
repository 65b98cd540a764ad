import type { PoolClient } from 'pg'
import { storableText } from './storable-text.ts'

/** One thing that befell the process of a version, as a node saw it. */
export interface IncidentReport {
  /** Counts the incidents of the node process. */
  readonly seq: number
  readonly model: string
  readonly number: number
  readonly digest: string
  readonly kind: 'crash' | 'hang' | 'memory' | 'frame'
  readonly message: string
  /** Hash of the input that did it again, alone; null while no input is known to be the cause. */
  readonly confirmedInput: string | null
  /** Milliseconds since the epoch, by the node's clock. */
  readonly atMs: number
}

/** Kept of each kind of a version: the newest. */
const INCIDENTS_PER_KIND = 50
const MESSAGE_LENGTH_MAX = 1_000

/**
 * Writes incidents of one incarnation, in the transaction of the client. One that is there already stays as it is; of each kind of a
 * version the oldest beyond a bound are forgotten.
 */
export async function writeIncidents(
  client: PoolClient,
  incarnation: string,
  incidents: readonly IncidentReport[],
): Promise<void> {
  const models = incidents.map((row) => row.model)
  const numbers = incidents.map((row) => row.number)
  await client.query(
    `INSERT INTO executor_incident (incarnation, seq, model, number, digest, kind, message, confirmed_input, at)
     SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[])
     ON CONFLICT DO NOTHING`,
    [
      incarnation,
      incidents.map((row) => row.seq),
      models,
      numbers,
      incidents.map((row) => row.digest),
      incidents.map((row) => row.kind),
      incidents.map((row) => storableText(row.message.slice(0, MESSAGE_LENGTH_MAX))),
      incidents.map((row) => row.confirmedInput),
      incidents.map((row) => new Date(row.atMs)),
    ],
  )
  await client.query(
    `DELETE FROM executor_incident WHERE (incarnation, seq) IN (
       SELECT incarnation, seq FROM (
         SELECT i.incarnation, i.seq, row_number() OVER (PARTITION BY i.model, i.number, i.kind ORDER BY i.at DESC, i.seq DESC) AS place
         FROM executor_incident i
         WHERE (i.model, i.number) IN (SELECT * FROM unnest($1::text[], $2::bigint[]))) ranked
       WHERE place > $3)`,
    [models, numbers, INCIDENTS_PER_KIND],
  )
}
