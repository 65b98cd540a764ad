import type { ServableState, ServingPlan } from '@understudy/core'
import pg from 'pg'
import { CHANGE_CHANNEL } from './change-listener.ts'
import type { EvidenceFlush } from './evidence-flush.ts'
import { readServingPlan } from './read-plan.ts'

export interface NodeStoreOptions {
  readonly databaseUrl: string
  /** One run of the front process: a random UUID made at its start. */
  readonly incarnation: string
  readonly name: string
  readonly restUrl: string
  /** @defaultValue 10000 */
  readonly leaseMs?: number
}

/** What a node reports of one version. */
export interface ServableReport {
  readonly model: string
  readonly number: number
  readonly digest: string
  readonly state: ServableState
  readonly reason: string | null
}

export interface NodeReport {
  readonly ready: boolean
  readonly draining: boolean
  /** Generation carried out, per model. */
  readonly observed: Readonly<Record<string, number>>
  readonly servables: readonly ServableReport[]
}

/**
 * A serving node's side of the record: reads the plan, holds the lease, reports what is loaded, upserts evidence.
 *
 * Needs no Prisma. Every method may fail while Postgres is away; the node goes on serving and calls again.
 */
export class NodeStore {
  readonly #options: NodeStoreOptions
  readonly #pool: pg.Pool

  constructor(options: NodeStoreOptions) {
    this.#options = options
    this.#pool = new pg.Pool({
      connectionString: options.databaseUrl,
      max: 3,
      connectionTimeoutMillis: 5_000,
      statement_timeout: 10_000,
      application_name: `understudy-serving ${options.name}`,
    })
    // An idle connection that breaks must not end the process; the next query reports the failure.
    this.#pool.on('error', () => undefined)
  }

  readPlan(): Promise<ServingPlan> {
    return readServingPlan(this.#pool)
  }

  /**
   * Renews the lease and records what this node holds, in one transaction.
   *
   * The node joins when it has carried out the current generation of every model, judged under the locks of the plan rows;
   * once joined it stays so while its lease does not lapse.
   */
  async report(report: NodeReport): Promise<void> {
    const { incarnation, name, restUrl, leaseMs = 10_000 } = this.#options
    const client = await this.#pool.connect()
    try {
      await client.query('BEGIN')
      const plans = await client.query<{ model: string; generation: string }>(
        'SELECT model, generation FROM plan ORDER BY model FOR SHARE',
      )
      const current = plans.rows.every(
        (plan) => (report.observed[plan.model] ?? 0) >= Number(plan.generation),
      )
      await client.query(
        `INSERT INTO node (incarnation, name, rest_url, draining, ready, joined, lease_until)
         VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + $7 * interval '1 millisecond')
         ON CONFLICT (incarnation) DO UPDATE SET draining = EXCLUDED.draining, ready = EXCLUDED.ready,
           joined = EXCLUDED.joined OR (node.joined AND node.lease_until > clock_timestamp()),
           lease_until = EXCLUDED.lease_until`,
        [
          incarnation,
          name,
          restUrl,
          report.draining,
          report.ready,
          current && !report.draining,
          report.draining ? 0 : leaseMs,
        ],
      )
      const changed =
        (await this.#writeObserved(client, report)) + (await this.#writeServables(client, report))
      if (changed > 0) await client.query('SELECT pg_notify($1, $2)', [CHANGE_CHANNEL, 'node'])
      await client.query('COMMIT')
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined)
      throw error
    } finally {
      client.release()
    }
  }

  async #writeObserved(client: pg.PoolClient, report: NodeReport): Promise<number> {
    const models = Object.keys(report.observed)
    const written = await client.query(
      `INSERT INTO node_model (incarnation, model, observed_generation)
       SELECT $1, * FROM unnest($2::text[], $3::bigint[])
       ON CONFLICT (incarnation, model) DO UPDATE SET observed_generation = EXCLUDED.observed_generation
       WHERE node_model.observed_generation <> EXCLUDED.observed_generation`,
      [this.#options.incarnation, models, models.map((model) => report.observed[model])],
    )
    return written.rowCount ?? 0
  }

  async #writeServables(client: pg.PoolClient, report: NodeReport): Promise<number> {
    const { servables } = report
    const columns = [
      servables.map((row) => row.model),
      servables.map((row) => row.number),
      servables.map((row) => row.digest),
      servables.map((row) => row.state),
      servables.map((row) => row.reason),
    ]
    const written = await client.query(
      `INSERT INTO node_servable (incarnation, model, number, digest, state, reason)
       SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[])
       ON CONFLICT (incarnation, model, number) DO UPDATE
         SET digest = EXCLUDED.digest, state = EXCLUDED.state, reason = EXCLUDED.reason, updated_at = clock_timestamp()
       WHERE (node_servable.digest, node_servable.state, node_servable.reason) IS DISTINCT FROM (EXCLUDED.digest, EXCLUDED.state, EXCLUDED.reason)`,
      [this.#options.incarnation, ...columns],
    )
    const gone = await client.query(
      `DELETE FROM node_servable s WHERE s.incarnation = $1
         AND NOT EXISTS (SELECT 1 FROM unnest($2::text[], $3::bigint[]) AS k(model, number) WHERE k.model = s.model AND k.number = s.number)`,
      [this.#options.incarnation, columns[0], columns[1]],
    )
    return (written.rowCount ?? 0) + (gone.rowCount ?? 0)
  }

  /** Upserts absolute counters: a repeated or late flush never takes a counter back, and a closed series stays as it was. */
  async flushEvidence(flushes: readonly EvidenceFlush[]): Promise<void> {
    if (flushes.length === 0) return
    const client = await this.#pool.connect()
    try {
      await client.query('BEGIN')
      for (const flush of flushes) await this.#flushOne(client, flush)
      await client.query('SELECT pg_notify($1, $2)', [CHANGE_CHANNEL, 'evidence'])
      await client.query('COMMIT')
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined)
      throw error
    } finally {
      client.release()
    }
  }

  async #flushOne(client: pg.PoolClient, flush: EvidenceFlush): Promise<void> {
    const { incarnation } = this.#options
    const known = await client.query('SELECT 1 FROM evidence_series WHERE id = $1 AND closed_at IS NULL', [
      flush.seriesId,
    ])
    if (known.rowCount === 0) return
    const { counters, breaches, examples } = flush
    await client.query(
      `INSERT INTO evidence_counter (series_id, incarnation, source, step, gate, property, seq, n_plus, n_zero, n_minus)
       SELECT $1, $2, $3, $4, c.gate, c.property, $5, c.n_plus, c.n_zero, c.n_minus
       FROM unnest($6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[]) AS c(gate, property, n_plus, n_zero, n_minus)
       ON CONFLICT (series_id, incarnation, source, step, gate, property, segment) DO UPDATE
         SET seq = EXCLUDED.seq, n_plus = EXCLUDED.n_plus, n_zero = EXCLUDED.n_zero, n_minus = EXCLUDED.n_minus, updated_at = clock_timestamp()
       WHERE evidence_counter.seq < EXCLUDED.seq`,
      [
        flush.seriesId,
        incarnation,
        flush.source,
        flush.step,
        flush.seq,
        counters.map((row) => row.gate),
        counters.map((row) => row.property),
        counters.map((row) => row.nPlus),
        counters.map((row) => row.nZero),
        counters.map((row) => row.nMinus),
      ],
    )
    await client.query(
      `INSERT INTO evidence_loss (series_id, incarnation, source, step, seq, admitted, lost) VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (series_id, incarnation, source, step) DO UPDATE
         SET seq = EXCLUDED.seq, admitted = EXCLUDED.admitted, lost = EXCLUDED.lost
       WHERE evidence_loss.seq < EXCLUDED.seq`,
      [flush.seriesId, incarnation, flush.source, flush.step, flush.seq, flush.admitted, flush.lost],
    )
    await client.query(
      `INSERT INTO evidence_breach (series_id, incarnation, kind, detail, request_id)
       SELECT DISTINCT ON (b.kind) $1::uuid, $2::uuid, b.kind, b.detail, b.request_id FROM unnest($3::text[], $4::text[], $5::text[]) AS b(kind, detail, request_id)
       ON CONFLICT DO NOTHING`,
      [
        flush.seriesId,
        incarnation,
        breaches.map((row) => row.kind),
        breaches.map((row) => row.detail),
        breaches.map((row) => row.requestId),
      ],
    )
    await this.#replaceExamples(client, flush, examples)
  }

  async #replaceExamples(
    client: pg.PoolClient,
    flush: EvidenceFlush,
    examples: EvidenceFlush['examples'],
  ): Promise<void> {
    const scope = [flush.seriesId, this.#options.incarnation]
    const kinds = examples.map((row) => row.kind)
    const ids = examples.map((row) => row.requestId)
    await client.query(
      `DELETE FROM pair_example e WHERE series_id = $1 AND incarnation = $2 AND NOT EXISTS (
         SELECT 1 FROM unnest($3::text[], $4::text[]) AS k(kind, request_id) WHERE k.kind = e.kind AND k.request_id = e.request_id)`,
      [...scope, kinds, ids],
    )
    await client.query(
      `INSERT INTO pair_example (series_id, incarnation, kind, request_id, body)
       SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::jsonb[]) ON CONFLICT DO NOTHING`,
      [...scope, kinds, ids, examples.map((row) => JSON.stringify(row.body))],
    )
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }
}
