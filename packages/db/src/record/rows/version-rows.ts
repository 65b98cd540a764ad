import { Prisma } from '../../generated/client.ts'
import { type OfModel, PROMOTIONS_PER_MODEL } from './model-rows.ts'
import { type Count, type Instant, type Rows, rows } from './together.ts'

/** How much of one model's past is read. What is in use is read besides, however old it is. */
const VERSIONS_PER_MODEL = 200

export interface VersionRow extends OfModel {
  readonly number: Count
  readonly digest: string
  readonly commit: string
  readonly commitSubject: string
  readonly authorName: string
  readonly committedAt: Instant
  readonly state: string
  readonly reasons: unknown
  readonly refusals: unknown
  readonly atTip: boolean
  readonly signature: unknown
  readonly batchable: boolean | null
  readonly loadMs: number | null
  readonly memoryBytes: Count | null
  readonly sizeBytes: Count
  readonly suggested: unknown
  readonly variantOf: Count | null
  readonly traceparent: string | null
  readonly discoveredAt: Instant
  readonly validatedAt: Instant | null
}

/**
 * The newest versions of each model, and those that something points to: the plan, the environment file, a hold, an open rollout's
 * baseline, a recent promotion. A decider that did not see what is live would take the next version for the first. Newest number first.
 */
export function versionRows(names: Prisma.Sql): Rows<VersionRow> {
  return rows(Prisma.sql`
    WITH wanted AS (
      SELECT m.name AS model, v.number FROM unnest(${names}) m(name)
        CROSS JOIN LATERAL (SELECT number FROM model_version WHERE model = m.name ORDER BY number DESC LIMIT ${VERSIONS_PER_MODEL}) v
      UNION SELECT model, number FROM plan_version WHERE model = ANY(${names})
      UNION SELECT model, live FROM pointer WHERE model = ANY(${names})
      UNION SELECT p.model, l.number::bigint FROM pointer p CROSS JOIN LATERAL jsonb_each_text(p.labels) l(label, number)
        WHERE p.model = ANY(${names})
      UNION SELECT model, number FROM hold WHERE model = ANY(${names}) AND closed_at IS NULL
      UNION SELECT model, baseline_number FROM seen WHERE state IN ('progressing', 'paused')
      UNION SELECT m.name, p.from_number FROM unnest(${names}) m(name)
        CROSS JOIN LATERAL (SELECT from_number FROM promotion WHERE model = m.name ORDER BY generation DESC LIMIT ${PROMOTIONS_PER_MODEL}) p
    )
    SELECT v.model AS "modelName", v.number, v.digest, v."commit", v.commit_subject AS "commitSubject", v.author_name AS "authorName",
      v.committed_at AS "committedAt", v.state, v.reasons, v.refusals, v.at_tip AS "atTip", v.signature, v.batchable, v.load_ms AS "loadMs",
      v.memory_bytes AS "memoryBytes", v.size_bytes AS "sizeBytes", v.comparisons AS suggested, v.variant_of AS "variantOf", v.traceparent,
      v.discovered_at AS "discoveredAt", v.validated_at AS "validatedAt"
    FROM wanted w JOIN model_version v ON v.model = w.model AND v.number = w.number
    ORDER BY v.model, v.number DESC`)
}
