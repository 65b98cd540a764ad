import type { ReplacementKind } from '@understudy/rollout'
import type { Tx } from '../database.ts'
import type { IncidentSummary } from './model-record.ts'

/** Incidents of one kind of the bytes of a version. */
export interface IncidentRow extends IncidentSummary {
  readonly modelName: string
  readonly number: bigint
  readonly digest: string
}

/** What befell the processes of the versions of these models, by version and kind; the newest first. */
export function loadIncidentRows(tx: Tx, models: readonly string[]): Promise<IncidentRow[]> {
  return tx.$queryRaw<IncidentRow[]>`
    SELECT model AS "modelName", number, digest, kind, count(*)::int AS count, count(confirmed_input)::int AS confirmed,
      (array_agg(message ORDER BY at DESC, seq DESC))[1] AS message, max(at) AS at
    FROM executor_incident WHERE model = ANY(${[...models]}::text[])
    GROUP BY model, number, digest, kind ORDER BY max(at) DESC`
}

interface CrashRow {
  readonly rolloutId: string
  readonly message: string
}

/**
 * The newest confirmed crash of each rollout's candidate since it began: its input did it again, alone, and is not known to have
 * done the same to the baseline.
 */
export function loadCrashRows(tx: Tx, rolloutIds: readonly string[]): Promise<CrashRow[]> {
  return tx.$queryRaw<CrashRow[]>`
    SELECT DISTINCT ON (r.id) r.id AS "rolloutId", i.message
    FROM rollout r JOIN executor_incident i ON i.model = r.model AND i.number = r.number AND i.digest = r.digest
      AND i.at >= r.started_at AND (r.ended_at IS NULL OR i.at <= r.ended_at)
    WHERE r.id = ANY(${[...rolloutIds]}::uuid[]) AND i.confirmed_input IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM executor_incident b WHERE b.model = r.model AND b.number = r.baseline_number
        AND b.digest = r.baseline_digest AND b.confirmed_input = i.confirmed_input)
    ORDER BY r.id, i.at DESC, i.seq DESC`
}

interface ReplacementRow {
  readonly rolloutId: string
  readonly kind: ReplacementKind
  readonly count: number
  readonly message: string
}

/**
 * Processes of the candidate that were ended while a rollout was open, by reason; the newest first. What an input did again, alone, is
 * not among them: that process was there to be ended.
 */
export function loadReplacementRows(tx: Tx, rolloutIds: readonly string[]): Promise<ReplacementRow[]> {
  return tx.$queryRaw<ReplacementRow[]>`
    SELECT r.id AS "rolloutId", i.kind, count(*)::int AS count, (array_agg(i.message ORDER BY i.at DESC, i.seq DESC))[1] AS message
    FROM rollout r JOIN executor_incident i ON i.model = r.model AND i.number = r.number AND i.digest = r.digest
      AND i.at >= r.started_at AND (r.ended_at IS NULL OR i.at <= r.ended_at)
    WHERE r.id = ANY(${[...rolloutIds]}::uuid[]) AND i.kind IN ('memory', 'hang', 'frame') AND i.confirmed_input IS NULL
    GROUP BY r.id, i.kind ORDER BY max(i.at) DESC`
}
