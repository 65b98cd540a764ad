import { Prisma } from '../../generated/client.ts'
import { type Count, type Instant, type Rows, rows } from './together.ts'

export interface ModelRow {
  readonly name: string
  readonly config: unknown
  readonly configText: string | null
  readonly configProblem: string | null
  readonly requestedNumber: Count | null
  readonly requestedAs: string | null
  readonly driftReason: string | null
  readonly driftDetail: string | null
  readonly driftSince: Instant | null
  readonly createdAt: Instant
  readonly repositoryUrl: string
  readonly stalledReason: string | null
  readonly readAt: Instant
}

/** Models with their repository, by name. */
export function modelRows(names: Prisma.Sql): Rows<ModelRow> {
  return rows(Prisma.sql`
    SELECT m.name, m.config, m.config_text AS "configText", m.config_problem AS "configProblem", m.requested_number AS "requestedNumber",
      m.requested_as AS "requestedAs", m.drift_reason AS "driftReason", m.drift_detail AS "driftDetail", m.drift_since AS "driftSince",
      m.created_at AS "createdAt", r.url AS "repositoryUrl", r.stalled_reason AS "stalledReason", clock_timestamp() AS "readAt"
    FROM model m JOIN repository r ON r.id = m.repository_id WHERE m.name = ANY(${names}) ORDER BY m.name`)
}

/** A row of something that a model has several of. */
export interface OfModel {
  readonly modelName: string
}

export interface ProblemRow extends OfModel {
  readonly path: string
  readonly code: string
  readonly message: string
}

/** What could not be synced, by path. */
export function problemRows(names: Prisma.Sql): Rows<ProblemRow> {
  return rows(Prisma.sql`
    SELECT model AS "modelName", path, code, message FROM sync_problem WHERE model = ANY(${names}) ORDER BY path`)
}

export interface StandingRow extends OfModel {
  readonly digest: string
  readonly standing: string
  readonly reason: string | null
  readonly actor: string
  readonly updatedAt: Instant
}

export function standingRows(names: Prisma.Sql): Rows<StandingRow> {
  return rows(Prisma.sql`
    SELECT model AS "modelName", digest, standing, reason, actor, updated_at AS "updatedAt"
    FROM digest_standing WHERE model = ANY(${names})`)
}

export interface HoldRow extends OfModel {
  readonly number: Count
  readonly reason: string
  readonly actor: string
  readonly createdAt: Instant
  readonly expiresAt: Instant | null
}

/** Holds that are in force. */
export function holdRows(names: Prisma.Sql): Rows<HoldRow> {
  return rows(Prisma.sql`
    SELECT model AS "modelName", number, reason, actor, created_at AS "createdAt", expires_at AS "expiresAt"
    FROM hold WHERE model = ANY(${names}) AND closed_at IS NULL`)
}

export interface PointerRow extends OfModel {
  readonly file: string
  readonly live: Count | null
  readonly labels: unknown
  readonly changedAt: Instant
  readonly commit: string
  readonly settledAt: Instant | null
}

export function pointerRows(names: Prisma.Sql): Rows<PointerRow> {
  return rows(Prisma.sql`
    SELECT model AS "modelName", file, live, labels, changed_at AS "changedAt", "commit", settled_at AS "settledAt"
    FROM pointer WHERE model = ANY(${names})`)
}

export interface PlanRow extends OfModel {
  readonly generation: Count
  readonly labels: Readonly<Record<string, Count>>
  /** In the order of their numbers. */
  readonly aspired: readonly Count[]
}

/** Plans with where their labels point and what is loaded for them. */
export function planRows(names: Prisma.Sql): Rows<PlanRow> {
  return rows(Prisma.sql`
    SELECT p.model AS "modelName", p.generation,
      (SELECT coalesce(json_object_agg(l.label, l.number), '{}') FROM plan_label l WHERE l.model = p.model) AS labels,
      (SELECT coalesce(json_agg(v.number ORDER BY v.number), '[]') FROM plan_version v WHERE v.model = p.model) AS aspired
    FROM plan p WHERE p.model = ANY(${names})`)
}

export const PROMOTIONS_PER_MODEL = 50

export interface PromotionRow extends OfModel {
  readonly generation: Count
  readonly kind: string
  readonly fromNumber: Count | null
  readonly toNumber: Count
  readonly toDigest: string
  readonly actor: string
  readonly reason: string | null
  readonly at: Instant
}

/** The last promotions of each model, newest first. */
export function promotionRows(names: Prisma.Sql): Rows<PromotionRow> {
  return rows(Prisma.sql`
    SELECT p.* FROM unnest(${names}) m(name) CROSS JOIN LATERAL (
      SELECT model AS "modelName", generation, kind, from_number AS "fromNumber", to_number AS "toNumber", to_digest AS "toDigest", actor, reason, at
      FROM promotion WHERE model = m.name ORDER BY generation DESC LIMIT ${PROMOTIONS_PER_MODEL}) p
    ORDER BY m.name, p.generation DESC`)
}
