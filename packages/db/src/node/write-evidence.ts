import type { PoolClient } from 'pg'
import type { EvidenceFlush } from './evidence-flush.ts'
import { storableJson, storableText } from './storable-text.ts'

/** Pairs of this source count only for the node that holds the claim: two nodes would count a request twice. */
const REPLAY = 'replay'

/**
 * Writes what one incarnation has counted for one series, in the transaction of the client. False when nothing may be written: another
 * node replays for the series, so that what this one has counted of it since its last flush never counts.
 *
 * Counters are absolute: a repeated or late flush takes nothing back, and a closed series stays as it was.
 */
export async function writeEvidence(
  client: PoolClient,
  incarnation: string,
  flush: EvidenceFlush,
): Promise<boolean> {
  const open = await client.query('SELECT 1 FROM evidence_series WHERE id = $1 AND closed_at IS NULL', [
    flush.seriesId,
  ])
  if (open.rowCount === 0) return true
  if (flush.source === REPLAY && !(await holdsClaim(client, incarnation, flush.seriesId))) return false
  await writeCounters(client, incarnation, flush)
  await writeBreaches(client, incarnation, flush)
  await writeReplayed(client, flush)
  if (await writeLoss(client, incarnation, flush)) await replaceExamples(client, incarnation, flush)
  return true
}

/** The lock keeps others from taking the claim over before the counters are there. */
async function holdsClaim(client: PoolClient, incarnation: string, seriesId: string): Promise<boolean> {
  const claim = await client.query(
    'SELECT 1 FROM replay_claim WHERE series_id = $1 AND incarnation = $2 FOR UPDATE',
    [seriesId, incarnation],
  )
  return claim.rowCount !== 0
}

async function writeReplayed(client: PoolClient, { seriesId, replayed = [] }: EvidenceFlush): Promise<void> {
  if (replayed.length === 0) return
  await client.query(
    `INSERT INTO replayed_request (series_id, request_id) SELECT $1, * FROM unnest($2::text[]) ON CONFLICT DO NOTHING`,
    [seriesId, replayed],
  )
}

async function writeCounters(client: PoolClient, incarnation: string, flush: EvidenceFlush): Promise<void> {
  const { seriesId, source, step, seq, counters } = flush
  await client.query(
    `INSERT INTO evidence_counter (series_id, incarnation, source, step, gate, property, segment, seq, n_plus, n_zero, n_minus)
     SELECT $1, $2, $3, $4, c.gate, c.property, c.segment, $5, c.n_plus, c.n_zero, c.n_minus
     FROM unnest($6::text[], $7::text[], $8::text[], $9::bigint[], $10::bigint[], $11::bigint[])
       AS c(gate, property, segment, n_plus, n_zero, n_minus)
     ON CONFLICT (series_id, incarnation, source, step, gate, property, segment) DO UPDATE
       SET seq = EXCLUDED.seq, n_plus = EXCLUDED.n_plus, n_zero = EXCLUDED.n_zero, n_minus = EXCLUDED.n_minus, updated_at = clock_timestamp()
     WHERE evidence_counter.seq < EXCLUDED.seq`,
    [
      seriesId,
      incarnation,
      source,
      step,
      seq,
      counters.map((row) => row.gate),
      counters.map((row) => row.property),
      counters.map((row) => storableText(row.segment ?? '')),
      counters.map((row) => row.nPlus),
      counters.map((row) => row.nZero),
      counters.map((row) => row.nMinus),
    ],
  )
}

async function writeBreaches(client: PoolClient, incarnation: string, flush: EvidenceFlush): Promise<void> {
  const { seriesId, breaches } = flush
  await client.query(
    `INSERT INTO evidence_breach (series_id, incarnation, kind, detail, request_id)
     SELECT DISTINCT ON (b.kind) $1::uuid, $2::uuid, b.kind, b.detail, b.request_id FROM unnest($3::text[], $4::text[], $5::text[]) AS b(kind, detail, request_id)
     ON CONFLICT DO NOTHING`,
    [
      seriesId,
      incarnation,
      breaches.map((row) => row.kind),
      breaches.map((row) => storableText(row.detail)),
      breaches.map((row) => row.requestId),
    ],
  )
}

/** True when this flush is newer than what is stored. */
async function writeLoss(client: PoolClient, incarnation: string, flush: EvidenceFlush): Promise<boolean> {
  const { seriesId, source, step, seq, admitted, lost } = flush
  const written = await client.query(
    `INSERT INTO evidence_loss (series_id, incarnation, source, step, seq, admitted, lost) VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (series_id, incarnation, source, step) DO UPDATE
       SET seq = EXCLUDED.seq, admitted = EXCLUDED.admitted, lost = EXCLUDED.lost
     WHERE evidence_loss.seq < EXCLUDED.seq`,
    [seriesId, incarnation, source, step, seq, admitted, lost],
  )
  return written.rowCount !== 0
}

async function replaceExamples(client: PoolClient, incarnation: string, flush: EvidenceFlush): Promise<void> {
  const scope = [flush.seriesId, incarnation, flush.source, flush.step]
  const kinds = flush.examples.map((row) => row.kind)
  const ids = flush.examples.map((row) => row.requestId)
  await client.query(
    `DELETE FROM pair_example e WHERE series_id = $1 AND incarnation = $2 AND source = $3 AND step = $4 AND NOT EXISTS (
       SELECT 1 FROM unnest($5::text[], $6::text[]) AS k(kind, request_id) WHERE k.kind = e.kind AND k.request_id = e.request_id)`,
    [...scope, kinds, ids],
  )
  await client.query(
    `INSERT INTO pair_example (series_id, incarnation, source, step, kind, request_id, body, inputs)
     SELECT $1, $2, $3, $4, * FROM unnest($5::text[], $6::text[], $7::jsonb[], $8::bytea[]) ON CONFLICT DO NOTHING`,
    [
      ...scope,
      kinds,
      ids,
      flush.examples.map((row) => storableJson(row.body)),
      flush.examples.map((row) => row.inputs ?? null),
    ],
  )
}
