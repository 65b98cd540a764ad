import type { ServableState, ServingPlan } from '@understudy/core'
import pg from 'pg'
import { CHANGE_CHANNEL } from './change-listener.ts'
import type { EvidenceFlush, MinuteRow } from './evidence-flush.ts'
import { type KeptAnswerRow, writeKeptAnswers } from './kept-answers.ts'
import { type PlanReading, readServingPlan } from './read-plan.ts'
import { RequestStore } from './request-store.ts'
import { storableText } from './storable-text.ts'
import { surviveBreaks } from './survive-breaks.ts'
import { writeEvidence } from './write-evidence.ts'
import { type IncidentReport, writeIncidents } from './write-incidents.ts'
import { writeMinutes } from './write-minutes.ts'
import { type OverrideReport, writeOverrides } from './write-overrides.ts'

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

/** What goes with the counters. */
export interface EvidenceCompany {
  readonly minutes?: readonly MinuteRow[]
  readonly answers?: readonly KeptAnswerRow[]
}

/**
 * A serving node's side of the record: reads the plan, holds the lease, reports what is loaded, upserts evidence.
 *
 * Needs no Prisma. Every method may fail while Postgres is away; the node goes on serving and calls again.
 */
export class NodeStore {
  readonly #options: NodeStoreOptions
  readonly #pool: pg.Pool
  /** What is kept of requests, to be replayed. */
  readonly requests: RequestStore
  #lastReading: PlanReading | undefined

  constructor(options: NodeStoreOptions) {
    this.#options = options
    this.#pool = new pg.Pool({
      connectionString: options.databaseUrl,
      max: 3,
      connectionTimeoutMillis: 5_000,
      statement_timeout: 10_000,
      application_name: `understudy-serving ${options.name}`,
    })
    surviveBreaks(this.#pool)
    this.requests = new RequestStore(this.#pool, options.incarnation)
  }

  /** The whole plan in one snapshot; the same `models` as before while nothing changed. */
  async readPlan(): Promise<ServingPlan> {
    this.#lastReading = await readServingPlan(this.#pool, this.#lastReading)
    return this.#lastReading.plan
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
      servables.map((row) => (row.reason === null ? null : storableText(row.reason))),
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

  /**
   * Upserts absolute counters: a repeated or late flush never takes a counter back, and a closed series stays as it was.
   *
   * Gives back the flushes that were refused, since another node replays for their series: what they hold beyond the last one that was
   * taken never counts.
   */
  async flushEvidence(
    flushes: readonly EvidenceFlush[],
    { minutes = [], answers = [] }: EvidenceCompany = {},
  ): Promise<{ readonly refused: readonly EvidenceFlush[] }> {
    const refused: EvidenceFlush[] = []
    if (flushes.length + minutes.length + answers.length === 0) return { refused }
    await this.#asEvidence(async (client) => {
      for (const flush of flushes) {
        if (!(await writeEvidence(client, this.#options.incarnation, flush))) refused.push(flush)
      }
      await writeMinutes(client, this.#options.incarnation, minutes)
      await writeKeptAnswers(client, answers)
    })
    return { refused }
  }

  /** Records incidents of this incarnation; those that are recorded already stay as they are. */
  async recordIncidents(incidents: readonly IncidentReport[]): Promise<void> {
    if (incidents.length === 0) return
    await this.#asEvidence((client) => writeIncidents(client, this.#options.incarnation, incidents))
  }

  /** Records what an operator decided on this node while it was alone; those that are recorded already stay as they are. */
  async recordOverrides(overrides: readonly OverrideReport[]): Promise<void> {
    await this.#telling('override', (client) => writeOverrides(client, this.#options.name, overrides))
  }

  /** Deciders are told. */
  #asEvidence(write: (client: pg.PoolClient) => Promise<void>): Promise<void> {
    return this.#telling('evidence', write)
  }

  /** One transaction, and who follows the topic is told. */
  async #telling(topic: string, write: (client: pg.PoolClient) => Promise<void>): Promise<void> {
    const client = await this.#pool.connect()
    try {
      await client.query('BEGIN')
      await write(client)
      await client.query('SELECT pg_notify($1, $2)', [CHANGE_CHANNEL, topic])
      await client.query('COMMIT')
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined)
      throw error
    } finally {
      client.release()
    }
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }
}
