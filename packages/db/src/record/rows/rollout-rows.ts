import { Prisma } from '../../generated/client.ts'
import type { ApprovalRecord } from '../model-record.ts'
import type { OfModel } from './model-rows.ts'
import { type Count, type InJson, type Instant, type Rows, rows } from './together.ts'

export interface RolloutRow extends OfModel {
  readonly id: string
  readonly number: Count
  readonly digest: string
  readonly baselineNumber: Count | null
  readonly baselineDigest: string | null
  readonly policyHash: string
  readonly kind: string
  readonly state: string
  readonly step: string
  readonly weightIndex: number | null
  readonly pauseReason: string | null
  readonly promotedNowBy: string | null
  readonly promotedNowReason: string | null
  readonly promotedNowAt: Instant | null
  readonly reason: string | null
  readonly summary: string | null
  readonly verdict: string | null
  readonly seriesId: string | null
  readonly stepStartedAt: Instant
  readonly startedAt: Instant
  readonly endedAt: Instant | null
  readonly steps: unknown
  readonly traceparent: string | null
  /** Oldest first. */
  readonly approvals: readonly InJson<ApprovalRecord>[]
}

/** The rollouts that are looked at, with their approvals: the open one first, then those that ended, newest first. */
export const ROLLOUT_ROWS: Rows<RolloutRow> = rows(Prisma.sql`
  SELECT id, model AS "modelName", number, digest, baseline_number AS "baselineNumber", baseline_digest AS "baselineDigest",
    policy_hash AS "policyHash", kind, state, step, weight_index AS "weightIndex", pause_reason AS "pauseReason",
    promoted_now_by AS "promotedNowBy", promoted_now_reason AS "promotedNowReason", promoted_now_at AS "promotedNowAt", reason, summary,
    verdict, series_id AS "seriesId", step_started_at AS "stepStartedAt", started_at AS "startedAt", ended_at AS "endedAt", steps, traceparent,
    (SELECT coalesce(json_agg(a), '[]') FROM (
      SELECT id, actor, comment, candidate_digest AS "candidateDigest", baseline_digest AS "baselineDigest", policy_hash AS "policyHash",
        created_at AS "createdAt", expires_at AS "expiresAt", consumed_at AS "consumedAt"
      FROM approval WHERE rollout_id = seen.id ORDER BY created_at) a) AS approvals
  FROM seen ORDER BY ended_at DESC NULLS FIRST, started_at DESC`)
