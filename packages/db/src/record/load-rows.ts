import type { Tx } from '../database.ts'

/** How much of one model's past is read. What is in use is read besides, however old it is. */
const VERSIONS_PER_MODEL = 200
const ROLLOUTS_PER_MODEL = 20
const PROMOTIONS_PER_MODEL = 50

export interface VersionRow {
  readonly modelName: string
  readonly number: bigint
  readonly digest: string
  readonly commit: string
  readonly commitSubject: string
  readonly authorName: string
  readonly committedAt: Date
  readonly state: string
  readonly reasons: unknown
  readonly refusals: unknown
  readonly atTip: boolean
  readonly signature: unknown
  readonly batchable: boolean | null
  readonly loadMs: number | null
  readonly memoryBytes: bigint | null
  readonly sizeBytes: bigint
  readonly suggested: unknown
  readonly variantOf: bigint | null
  readonly traceparent: string | null
  readonly discoveredAt: Date
  readonly validatedAt: Date | null
}

/**
 * The newest versions of each model, and those that something points to: the plan, the environment file, a hold, an open rollout's
 * baseline, a recent promotion. A decider that did not see what is live would take the next version for the first. Newest number first.
 */
export function loadVersionRows(tx: Tx, models: readonly string[]): Promise<VersionRow[]> {
  const names = [...models]
  return tx.$queryRaw<VersionRow[]>`
    WITH wanted AS (
      SELECT m.name AS model, v.number FROM unnest(${names}::text[]) m(name)
        CROSS JOIN LATERAL (SELECT number FROM model_version WHERE model = m.name ORDER BY number DESC LIMIT ${VERSIONS_PER_MODEL}) v
      UNION SELECT model, number FROM plan_version WHERE model = ANY(${names}::text[])
      UNION SELECT model, live FROM pointer WHERE model = ANY(${names}::text[])
      UNION SELECT p.model, l.number::bigint FROM pointer p CROSS JOIN LATERAL jsonb_each_text(p.labels) l(label, number)
        WHERE p.model = ANY(${names}::text[])
      UNION SELECT model, number FROM hold WHERE model = ANY(${names}::text[]) AND closed_at IS NULL
      UNION SELECT model, baseline_number FROM rollout WHERE model = ANY(${names}::text[]) AND state IN ('progressing', 'paused')
      UNION SELECT m.name, p.from_number FROM unnest(${names}::text[]) m(name)
        CROSS JOIN LATERAL (SELECT from_number FROM promotion WHERE model = m.name ORDER BY generation DESC LIMIT ${PROMOTIONS_PER_MODEL}) p
    )
    SELECT v.model AS "modelName", v.number, v.digest, v."commit", v.commit_subject AS "commitSubject", v.author_name AS "authorName",
      v.committed_at AS "committedAt", v.state, v.reasons, v.refusals, v.at_tip AS "atTip", v.signature, v.batchable, v.load_ms AS "loadMs",
      v.memory_bytes AS "memoryBytes", v.size_bytes AS "sizeBytes", v.comparisons AS suggested,
      v.variant_of AS "variantOf", v.traceparent, v.discovered_at AS "discoveredAt",
      v.validated_at AS "validatedAt"
    FROM wanted w JOIN model_version v ON v.model = w.model AND v.number = w.number
    ORDER BY v.model, v.number DESC`
}

export interface PromotionRow {
  readonly modelName: string
  readonly generation: bigint
  readonly kind: string
  readonly fromNumber: bigint | null
  readonly toNumber: bigint
  readonly toDigest: string
  readonly actor: string
  readonly reason: string | null
  readonly at: Date
}

/** The last promotions of each model, newest first. */
export function loadPromotionRows(tx: Tx, models: readonly string[]): Promise<PromotionRow[]> {
  return tx.$queryRaw<PromotionRow[]>`
    SELECT p.* FROM unnest(${[...models]}::text[]) m(name) CROSS JOIN LATERAL (
      SELECT model AS "modelName", generation, kind, from_number AS "fromNumber", to_number AS "toNumber", to_digest AS "toDigest", actor, reason, at
      FROM promotion WHERE model = m.name ORDER BY generation DESC LIMIT ${PROMOTIONS_PER_MODEL}) p
    ORDER BY m.name, p.generation DESC`
}

/** The last rollouts of each model with their approvals: the open one first, then those that ended, newest first. */
export async function loadRolloutRows(tx: Tx, models: readonly string[]) {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT r.id FROM unnest(${[...models]}::text[]) m(name) CROSS JOIN LATERAL (
      SELECT id FROM rollout WHERE model = m.name ORDER BY ended_at DESC NULLS FIRST, started_at DESC LIMIT ${ROLLOUTS_PER_MODEL}) r`
  if (rows.length === 0) return []
  return await tx.rollout.findMany({
    where: { id: { in: rows.map((row) => row.id) } },
    orderBy: [{ endedAt: { sort: 'desc', nulls: 'first' } }, { startedAt: 'desc' }],
    include: { approvals: { orderBy: { createdAt: 'asc' } } },
  })
}

export type RolloutRow = Awaited<ReturnType<typeof loadRolloutRows>>[number]
