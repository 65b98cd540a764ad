import type { OutcomeTruth } from '@understudy/core'
import type { Tx } from '../database.ts'

/**
 * When an outcome without an answer is looked at again. An answer that comes later wakes its outcome by itself; these looks are for one that is
 * being kept at this very moment, which neither sees.
 */
const LOOK_AGAIN_MS = [2_000, 30_000, 600_000]

/** An outcome whose answers are looked for. */
export interface DueOutcome {
  readonly requestId: string
  readonly row: number
  readonly truth: OutcomeTruth
}

/** What a version answered to the row of an outcome. */
export interface KeptAnswer {
  readonly requestId: string
  readonly row: number
  readonly number: bigint
  readonly digest: string
  readonly seriesId: string | null
  readonly step: string | null
  readonly source: string
  readonly answer: unknown
  readonly at: Date
}

/** The outcomes of a model that are due, locked, the longest waiting first. Those that somebody else looks at are left out. */
export async function lockDueOutcomes(tx: Tx, model: string, limit: number): Promise<readonly DueOutcome[]> {
  const rows = await tx.$queryRaw<
    { requestId: string; row: number; label: string | null; value: number | null }[]
  >`
    SELECT request_id AS "requestId", row, label, value FROM outcome
    WHERE model = ${model} AND look_at <= clock_timestamp() ORDER BY look_at LIMIT ${limit} FOR UPDATE SKIP LOCKED`
  return rows.map(({ requestId, row, label, value }) => ({
    requestId,
    row,
    truth: label === null ? { value: value ?? 0 } : { label },
  }))
}

/** Every answer that was kept of the rows of these outcomes. */
export function loadKeptAnswers(
  tx: Tx,
  model: string,
  outcomes: readonly DueOutcome[],
): Promise<readonly KeptAnswer[]> {
  return tx.$queryRaw<KeptAnswer[]>`
    SELECT k.request_id AS "requestId", k.row, k.number, k.digest, k.series_id AS "seriesId", k.step, k.source, k.answer, k.at
    FROM unnest(${outcomes.map((one) => one.requestId)}::text[], ${outcomes.map((one) => one.row)}::int[]) AS o(request_id, row)
    JOIN kept_answer k ON k.model = ${model} AND k.request_id = o.request_id AND k.row = o.row`
}

/** Records the look: an outcome with answers rests until another is kept, one without is looked at a few times more. */
export async function restOutcomes(
  tx: Tx,
  model: string,
  { outcomes, answered }: { readonly outcomes: readonly DueOutcome[]; readonly answered: readonly boolean[] },
): Promise<void> {
  await tx.$executeRaw`
    UPDATE outcome SET looks = looks + 1,
      look_at = CASE WHEN NOT o.answered THEN clock_timestamp() + (${LOOK_AGAIN_MS}::float8[])[looks + 1] * interval '1 millisecond' END
    FROM unnest(${outcomes.map((one) => one.requestId)}::text[], ${outcomes.map((one) => one.row)}::int[], ${[...answered]}::boolean[])
      AS o(request_id, row, answered)
    WHERE outcome.model = ${model} AND outcome.request_id = o.request_id AND outcome.row = o.row`
}
