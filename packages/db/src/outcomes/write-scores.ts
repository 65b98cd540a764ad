import { binOfDifference } from '@understudy/rollout'
import type { Tx } from '../database.ts'
import type { KeptAnswer } from './due-outcomes.ts'

/** An answer whose loss is known. */
export interface ScoredAnswer {
  readonly answer: KeptAnswer
  /** 0 to 1. */
  readonly loss: number
}

/** What scores of one look have in common. */
export interface ScoreContext {
  readonly model: string
  readonly measure: string
  /** Nobody can foresee it: which way a loss is rounded is not for clients to choose. */
  readonly salt: string
}

/** Records losses, one for each version and request: the first stays. Gives how many are new. */
export async function writeScores(
  tx: Tx,
  { model, measure, salt }: ScoreContext,
  scored: readonly ScoredAnswer[],
): Promise<number> {
  if (scored.length === 0) return 0
  const answers = scored.map(({ answer }) => answer)
  const bins = scored.map(({ answer, loss }) => binOfDifference(loss, answer.requestId, salt))
  return await tx.$executeRaw`
    INSERT INTO outcome_score (model, measure, request_id, number, digest, loss, bin, series_id, step, source, at)
    SELECT ${model}, ${measure}, s.* FROM unnest(${answers.map((one) => one.requestId)}::text[], ${answers.map((one) => one.number)}::bigint[],
      ${answers.map((one) => one.digest)}::text[], ${scored.map(({ loss }) => loss)}::float8[], ${bins}::int[],
      ${answers.map((one) => one.seriesId)}::uuid[], ${answers.map((one) => one.step)}::text[], ${answers.map((one) => one.source)}::text[],
      ${answers.map((one) => one.at)}::timestamptz[]) AS s
    ON CONFLICT DO NOTHING`
}

/**
 * Records the differences of losses where both versions of an open series answered the same row: one for each series and request. Gives how
 * many are new.
 */
export async function writePairs(
  tx: Tx,
  { measure, salt }: ScoreContext,
  scored: readonly ScoredAnswer[],
): Promise<number> {
  const seriesIds = [...new Set(scored.flatMap(({ answer }) => answer.seriesId ?? []))]
  if (seriesIds.length === 0) return 0
  const series = await tx.evidenceSeries.findMany({
    where: { id: { in: seriesIds }, closedAt: null },
    select: { id: true, candidateDigest: true, baselineDigest: true },
  })
  const pairs = series.flatMap(({ id, candidateDigest, baselineDigest }) => {
    const own = scored.filter(({ answer }) => answer.seriesId === id)
    const baselines = new Map(
      own.filter(({ answer }) => answer.digest === baselineDigest).map((one) => [rowKey(one), one]),
    )
    return own
      .filter(({ answer }) => answer.digest === candidateDigest)
      .flatMap((candidate) => {
        const baseline = baselines.get(rowKey(candidate))
        return baseline === undefined
          ? []
          : [{ ...candidate.answer, difference: candidate.loss - baseline.loss }]
      })
  })
  if (pairs.length === 0) return 0
  return await tx.$executeRaw`
    INSERT INTO outcome_pair (measure, series_id, request_id, step, source, bin, difference)
    SELECT ${measure}, p.* FROM unnest(${pairs.map((one) => one.seriesId)}::uuid[], ${pairs.map((one) => one.requestId)}::text[],
      ${pairs.map((one) => one.step)}::text[], ${pairs.map((one) => one.source)}::text[],
      ${pairs.map((one) => binOfDifference(one.difference, one.requestId, salt))}::int[],
      ${pairs.map((one) => one.difference)}::float8[]) AS p
    ON CONFLICT DO NOTHING`
}

function rowKey({ answer: { row, source, step, requestId } }: ScoredAnswer): string {
  return `${row} ${source} ${step} ${requestId}`
}
