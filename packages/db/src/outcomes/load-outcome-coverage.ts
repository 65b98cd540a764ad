import type { Tx } from '../database.ts'
import { Prisma } from '../generated/client.ts'
import { type AnswerCoverage, describeCoverage, findBlindAnswers } from './describe-coverage.ts'
import { predictionOfAnswer } from './loss-of-answer.ts'
import { loadQuality, type ModelQuality } from './quality-policies.ts'

/** Answers of the live version that are looked at, newest first. */
const ANSWERS_MAX = 5_000
/** Contradictions that are shown, newest first. */
const CONTRADICTIONS_MAX = 50

/** A model, or one series of it. */
export interface CoverageTarget {
  readonly model: string
  /** Null: everything that is kept of the model. */
  readonly seriesId: string | null
}

/** For how many predictions it is known what turned out to be true. */
export interface OutcomeCoverage {
  /** Predictions whose answers were kept. */
  readonly kept: number
  /** Those of them with an outcome. */
  readonly reported: number
  /** Those whose outcome could be compared with the answer. */
  readonly scored: number
  /** Those that somebody reported differently later. */
  readonly contradicted: number
  /** Null when nothing is kept. */
  readonly share: number | null
  /** Answers of the live version whose outcomes are hardly ever known. */
  readonly blindAnswers: readonly AnswerCoverage[]
  /** A sentence for whoever decides by outcomes; null when there is nothing to warn of. */
  readonly warning: string | null
}

/** Counts what is kept and reported. Reads as much as there is: for people who look, not for deciders. */
export async function loadOutcomeCoverage(tx: Tx, target: CoverageTarget): Promise<OutcomeCoverage> {
  const [counts] = await tx.$queryRaw<
    Pick<OutcomeCoverage, 'kept' | 'reported' | 'scored' | 'contradicted'>[]
  >`
    SELECT count(*)::int AS kept, count(o.row)::int AS reported,
      (count(*) FILTER (WHERE o.row IS NOT NULL AND EXISTS (
        SELECT 1 FROM outcome_score s WHERE s.model = ${target.model} AND s.request_id = k.request_id)))::int AS scored,
      (count(*) FILTER (WHERE EXISTS (
        SELECT 1 FROM outcome_contradiction c WHERE c.model = ${target.model} AND c.request_id = k.request_id AND c.row = k.row)))::int AS contradicted
    FROM (SELECT DISTINCT k.request_id, k.row FROM kept_answer k WHERE ${within(target)}) k
    LEFT JOIN outcome o ON o.model = ${target.model} AND o.request_id = k.request_id AND o.row = k.row`
  if (counts === undefined) throw new Error('a count gave no row')
  const quality = (await loadQuality(tx, [target.model])).get(target.model)
  const answers = quality?.policy.loss === 'zeroOne' ? await loadAnswers(tx, target, quality) : []
  return {
    ...counts,
    share: counts.kept === 0 ? null : counts.reported / counts.kept,
    blindAnswers: findBlindAnswers(answers),
    warning: describeCoverage(counts, answers),
  }
}

function within({ model, seriesId }: CoverageTarget): Prisma.Sql {
  const ofModel = Prisma.sql`k.model = ${model}`
  return seriesId === null ? ofModel : Prisma.sql`${ofModel} AND k.series_id = ${seriesId}::uuid`
}

/** What the live version answered lately, and how often it is known what was true. */
async function loadAnswers(
  tx: Tx,
  target: CoverageTarget,
  quality: ModelQuality,
): Promise<readonly AnswerCoverage[]> {
  const rows = await tx.$queryRaw<{ answer: unknown; isReported: boolean }[]>`
    SELECT k.answer, EXISTS (
      SELECT 1 FROM outcome o WHERE o.model = k.model AND o.request_id = k.request_id AND o.row = k.row) AS "isReported"
    FROM kept_answer k LEFT JOIN evidence_series s ON s.id = k.series_id
    WHERE ${within(target)} AND (s.id IS NULL OR k.digest = s.baseline_digest)
    ORDER BY k.at DESC LIMIT ${ANSWERS_MAX}`
  const tally = new Map<string, { kept: number; reported: number }>()
  for (const { answer, isReported } of rows) {
    const prediction = predictionOfAnswer(answer, quality)
    if (prediction === null) continue
    const label = prediction.label ?? String(prediction.value)
    const counted = tally.get(label) ?? { kept: 0, reported: 0 }
    tally.set(label, { kept: counted.kept + 1, reported: counted.reported + Number(isReported) })
  }
  return [...tally].map(([answer, counted]) => ({ answer, ...counted }))
}

/** A report that differs from the one that counts. */
export interface OutcomeContradiction {
  readonly requestId: string
  readonly row: number
  /** As JSON: a text for a label, a number for a value. */
  readonly counts: string
  readonly said: string
  readonly reportedBy: string
  readonly at: Date
}

/** The newest contradictions of a model, to be shown. */
export function loadContradictions(tx: Tx, model: string): Promise<readonly OutcomeContradiction[]> {
  return tx.$queryRaw<OutcomeContradiction[]>`
    SELECT c.request_id AS "requestId", c.row, coalesce(to_json(o.label), to_json(o.value))::text AS counts, c.said,
      c.reported_by AS "reportedBy", c.at
    FROM outcome_contradiction c JOIN outcome o ON o.model = c.model AND o.request_id = c.request_id AND o.row = c.row
    WHERE c.model = ${model} ORDER BY c.at DESC, c.request_id, c.row, c.said LIMIT ${CONTRADICTIONS_MAX}`
}
