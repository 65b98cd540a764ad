import type { OutcomeStatus, ReportedOutcome } from '@understudy/core'
import type { PoolClient, QueryResult } from 'pg'

/** Differing reports about one row that are kept; more of them tell nothing new. */
const CONTRADICTIONS_MAX = 10

/** An outcome with whom it is from. */
export interface OutcomeRow extends ReportedOutcome {
  /** Id of the API key, or `anonymous`. */
  readonly reportedBy: string
}

/** The outcomes as columns; the first is their place, from 1. */
const GIVEN = `unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::float8[], $6::text[])
  WITH ORDINALITY AS given(model, request_id, row, label, value, reported_by, place)`

function columnsOf(outcomes: readonly OutcomeRow[]): unknown[] {
  return [
    outcomes.map((one) => one.model),
    outcomes.map((one) => one.requestId),
    outcomes.map((one) => one.row),
    outcomes.map(({ truth }) => ('label' in truth ? truth.label : null)),
    outcomes.map(({ truth }) => ('value' in truth ? truth.value : null)),
    outcomes.map((one) => one.reportedBy),
  ]
}

/** Those of these models that are on record. */
export async function findKnownModels(
  client: PoolClient,
  models: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ name: string }>('SELECT name FROM model WHERE name = ANY($1)', [
    models,
  ])
  return new Set(rows.map((row) => row.name))
}

/**
 * Writes outcomes in the transaction of the client: of each row the first that was ever reported, in this list or before, counts. One that
 * differs is kept as a contradiction.
 */
export async function writeOutcomes(
  client: PoolClient,
  outcomes: readonly OutcomeRow[],
): Promise<readonly OutcomeStatus[]> {
  const columns = columnsOf(outcomes)
  // In order of their keys, so that two that report the same never wait for each other in a circle.
  const written: QueryResult<{ place: number }> = await client.query(
    `WITH first AS (SELECT DISTINCT ON (model, request_id, row) * FROM ${GIVEN} ORDER BY model, request_id, row, place),
       inserted AS (
         INSERT INTO outcome (model, request_id, row, label, value, reported_by)
         SELECT model, request_id, row, label, value, reported_by FROM first ORDER BY model, request_id, row
         ON CONFLICT DO NOTHING RETURNING model, request_id, row)
     SELECT first.place::int AS place FROM first JOIN inserted USING (model, request_id, row)`,
    columns,
  )
  const statuses = new Array<OutcomeStatus>(outcomes.length).fill('duplicate')
  for (const { place } of written.rows) statuses[place - 1] = 'recorded'
  if (written.rows.length === outcomes.length) return statuses
  // A statement of its own: it sees what others committed while the one before waited for them.
  const { rows: differing } = await client.query<{ place: number }>(
    `SELECT given.place::int AS place FROM ${GIVEN} JOIN outcome o USING (model, request_id, row)
     WHERE (o.label, o.value) IS DISTINCT FROM (given.label, given.value)`,
    columns,
  )
  if (differing.length === 0) return statuses
  for (const { place } of differing) statuses[place - 1] = 'contradiction'
  await writeContradictions(
    client,
    outcomes.filter((_, index) => statuses[index] === 'contradiction'),
  )
  return statuses
}

async function writeContradictions(client: PoolClient, outcomes: readonly OutcomeRow[]): Promise<void> {
  await client.query(
    `INSERT INTO outcome_contradiction (model, request_id, row, said, reported_by)
     SELECT DISTINCT ON (1, 2, 3, 4) given.model, given.request_id, given.row,
       coalesce(to_json(given.label), to_json(given.value))::text, given.reported_by
     FROM ${GIVEN}
     WHERE (SELECT count(*) FROM outcome_contradiction c
       WHERE (c.model, c.request_id, c.row) = (given.model, given.request_id, given.row)) < $7
     ORDER BY 1, 2, 3, 4, place
     ON CONFLICT DO NOTHING`,
    [...columnsOf(outcomes), CONTRADICTIONS_MAX],
  )
}
