import type { ReplacementKind } from '@understudy/rollout'
import { Prisma } from '../../generated/client.ts'
import type { IncidentSummary } from '../model-record.ts'
import type { OfModel } from './model-rows.ts'
import { type Count, type Instant, type Rows, rows } from './together.ts'

/** Incidents of one kind of the bytes of a version. */
export interface IncidentRow extends OfModel {
  readonly number: Count
  readonly digest: string
  readonly kind: IncidentSummary['kind']
  readonly count: number
  readonly confirmed: number
  readonly message: string
  readonly at: Instant
}

/** What befell the processes of the versions of these models, by version and kind; the newest first. */
export function incidentRows(names: Prisma.Sql): Rows<IncidentRow> {
  return rows(Prisma.sql`
    SELECT model AS "modelName", number, digest, kind, count(*)::int AS count, count(confirmed_input)::int AS confirmed,
      (array_agg(message ORDER BY at DESC, seq DESC))[1] AS message, max(at) AS at
    FROM executor_incident WHERE model = ANY(${names})
    GROUP BY model, number, digest, kind ORDER BY max(at) DESC`)
}

/** The candidate's incidents while a rollout that is looked at was open. */
const MEANWHILE = Prisma.sql`
  seen r JOIN executor_incident i ON i.model = r.model AND i.number = r.number AND i.digest = r.digest
    AND i.at >= r.started_at AND (r.ended_at IS NULL OR i.at <= r.ended_at)`

export interface CrashRow {
  readonly rolloutId: string
  readonly message: string
}

/**
 * The newest confirmed crash of each rollout's candidate since it began: its input did it again, alone, and is not known to have
 * done the same to the baseline.
 */
export const CRASH_ROWS: Rows<CrashRow> = rows(Prisma.sql`
  SELECT DISTINCT ON (r.id) r.id AS "rolloutId", i.message FROM ${MEANWHILE}
  WHERE i.confirmed_input IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM executor_incident b WHERE b.model = r.model AND b.number = r.baseline_number
      AND b.digest = r.baseline_digest AND b.confirmed_input = i.confirmed_input)
  ORDER BY r.id, i.at DESC, i.seq DESC`)

export interface ReplacementRow {
  readonly rolloutId: string
  readonly kind: ReplacementKind
  readonly count: number
  readonly message: string
}

/**
 * Processes of the candidate that were ended while a rollout was open, by reason; the newest first. What an input did again, alone, is
 * not among them: that process was there to be ended.
 */
export const REPLACEMENT_ROWS: Rows<ReplacementRow> = rows(Prisma.sql`
  SELECT r.id AS "rolloutId", i.kind, count(*)::int AS count, (array_agg(i.message ORDER BY i.at DESC, i.seq DESC))[1] AS message
  FROM ${MEANWHILE}
  WHERE i.kind IN ('memory', 'hang', 'frame') AND i.confirmed_input IS NULL
  GROUP BY r.id, i.kind ORDER BY max(i.at) DESC`)
