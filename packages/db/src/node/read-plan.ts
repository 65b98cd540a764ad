import {
  type ArtifactRef,
  KEY_VERBS,
  type ModelConfig,
  type ModelPlan,
  type PlannedKey,
  type PlannedVersion,
  type ServingPlan,
  type Signature,
} from '@understudy/core'
import type { Pool } from 'pg'
import {
  candidateLabel,
  capturePlan,
  keepAnswersShare,
  type MirroredCandidate,
  type MirroredRollout,
  mirrorPlan,
} from './mirror-plan.ts'
import { storedConfig } from './stored-config.ts'

interface VersionRow {
  readonly number: number
  readonly digest: string
  readonly commit: string
  readonly entryPoint: string
  readonly signature: Signature
  readonly batchable: boolean
  readonly loadMs: number | null
  readonly memoryBytes: number | null
  readonly suggested: MirroredCandidate['suggested']
  readonly traceparent: string | null
  readonly files: readonly (ArtifactRef & { readonly kind: string })[] | null
}

interface ModelRow {
  readonly model: string
  readonly generation: number
  readonly config: unknown
  readonly versions: readonly VersionRow[] | null
  readonly labels: Readonly<Record<string, number>> | null
  readonly rollout: MirroredRollout | null
}

/** A key as it is stored. A newer release may know verbs that this one does not. */
type KeyRow = Omit<PlannedKey, 'verbs'> & { readonly verbs: readonly string[] }

/** Keys that nodes shall know. */
const VALID_KEY = 'k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())'

/**
 * Names the row versions that the plan is made of: whatever changes one of them, changes it. A row that is written has another `xmin`, one
 * that comes or goes changes the count; so nothing can be missed, and rows written without a change only cost a reading of the plan.
 */
const FINGERPRINT = `
(SELECT string_agg(part, ' ') FROM (
  SELECT 'plan ' || count(*) || ' ' || coalesce(sum(hashtextextended(p.model || ' ' || p.xmin, 0)), 0) FROM plan p
  UNION ALL
  SELECT 'model ' || count(*) || ' ' || coalesce(sum(hashtextextended(m.name || ' ' || m.xmin, 0)), 0) FROM model m
  UNION ALL
  SELECT 'versions ' || count(*) || ' ' || coalesce(sum(hashtextextended(v.model || ' ' || v.number || ' ' || pv.xmin || ' ' || v.xmin, 0)), 0)
    FROM plan_version pv JOIN model_version v ON v.model = pv.model AND v.number = pv.number
  UNION ALL
  SELECT 'files ' || count(*) || ' ' || coalesce(sum(hashtextextended(f.model || ' ' || f.number || ' ' || f.path || ' ' || f.xmin, 0)), 0)
    FROM plan_version pv JOIN version_file f ON f.model = pv.model AND f.number = pv.number
  UNION ALL
  SELECT 'labels ' || count(*) || ' ' || coalesce(sum(hashtextextended(l.model || ' ' || l.label || ' ' || l.xmin, 0)), 0) FROM plan_label l
  UNION ALL
  SELECT 'rollouts ' || count(*) || ' ' || coalesce(sum(hashtextextended(r.id || ' ' || r.xmin, 0)), 0) FROM rollout r
    WHERE r.state IN ('progressing', 'paused')
  UNION ALL
  SELECT 'keys ' || count(*) || ' ' || coalesce(sum(hashtextextended(k.id || ' ' || k.xmin, 0)), 0) FROM api_key k WHERE ${VALID_KEY}
) AS parts (part))`

const READ_AT = '(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS "readAtMs"'

const FINGERPRINT_QUERY = `SELECT ${READ_AT}, ${FINGERPRINT} AS fingerprint`

/**
 * One statement, so one snapshot: plan, versions, labels, the rollout that mirrors, and keys, all of one moment. A row per model, so that a
 * large plan is parsed bit by bit as it comes in, and one row without a model for the keys.
 */
const PLAN_QUERY = `
SELECT head."readAtMs", head.fingerprint, m.*
FROM (SELECT ${READ_AT}, ${FINGERPRINT} AS fingerprint) AS head
LEFT JOIN (
    SELECT p.model, p.generation::float8 AS generation, model.config,
      (SELECT json_agg(json_build_object(
          'number', v.number, 'digest', v.digest, 'commit', v.commit, 'entryPoint', v.entry_point,
          'signature', v.signature, 'batchable', coalesce(v.batchable, false), 'traceparent', v.traceparent,
          'loadMs', v.load_ms, 'memoryBytes', v.memory_bytes, 'suggested', v.comparisons,
          'files', (SELECT json_agg(json_build_object('path', f.path, 'kind', f.kind, 'sha256', f.sha256, 'sizeBytes', f.size_bytes) ORDER BY f.path)
                    FROM version_file f WHERE f.model = v.model AND f.number = v.number)
        ) ORDER BY v.number)
        FROM plan_version pv JOIN model_version v ON v.model = pv.model AND v.number = pv.number
        WHERE pv.model = p.model) AS versions,
      (SELECT json_object_agg(l.label, l.number) FROM plan_label l WHERE l.model = p.model) AS labels,
      (SELECT json_build_object('id', r.id, 'seriesId', r.series_id, 'state', r.state, 'step', r.step, 'pauseReason', r.pause_reason,
          'weightIndex', r.weight_index, 'baseline', r.baseline_number, 'candidate', r.number, 'traceparent', r.traceparent)
        FROM rollout r
        WHERE r.model = p.model AND r.series_id IS NOT NULL AND r.state IN ('progressing', 'paused')
      ) AS rollout,
      NULL::json AS keys
    FROM plan p JOIN model ON model.name = p.model
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, NULL,
      (SELECT coalesce(json_agg(json_build_object(
          'id', k.id, 'hmac', k.hmac, 'models', CASE WHEN k.all_models THEN NULL ELSE k.models END, 'verbs', k.verbs,
          'expiresAtMs', (extract(epoch FROM k.expires_at) * 1000)::float8) ORDER BY k.id), '[]')
        FROM api_key k WHERE ${VALID_KEY})
  ) AS m ON true
ORDER BY m.model`

function plannedVersion(row: VersionRow, config: ModelConfig): PlannedVersion {
  const files = row.files ?? []
  const ofKind = (kind: string) =>
    files
      .filter((file) => file.kind === kind)
      .map(({ path, sha256, sizeBytes }) => ({ path, sha256, sizeBytes }))
  return {
    number: row.number,
    digest: row.digest,
    commit: row.commit,
    entryPoint: row.entryPoint,
    files: ofKind('serving'),
    golden: ofKind('golden'),
    signature: row.signature,
    runtime: config.runtime,
    batchable: row.batchable,
    signatures: config.signatures,
    classLabels: classLabels(config),
    measured:
      row.loadMs === null || row.memoryBytes === null
        ? null
        : { loadMs: row.loadMs, memoryBytes: row.memoryBytes },
    traceparent: row.traceparent,
  }
}

function classLabels(config: ModelConfig): Record<string, readonly string[]> {
  const labelled = Object.entries(config.outputs).flatMap(([output, { labels }]) =>
    labels === undefined ? [] : [[output, labels] as const],
  )
  return Object.fromEntries(labelled)
}

function modelPlan(row: ModelRow): ModelPlan {
  const config = storedConfig(row.config)
  const rows = row.versions ?? []
  const versions = rows.map((version) => plannedVersion(version, config))
  const loaded = (number: number) => rows.find((version) => version.number === number)
  const candidate = row.rollout === null ? undefined : loaded(row.rollout.candidate)
  const mirror =
    row.rollout === null || !candidate || !loaded(row.rollout.baseline)
      ? null
      : mirrorPlan(row.rollout, candidate, config)
  return {
    model: row.model,
    generation: row.generation,
    versions,
    labels: { ...row.labels, ...(mirror === null ? {} : candidateLabel(mirror)) },
    mirror,
    capture: capturePlan(config),
    keepAnswersShare: keepAnswersShare(config),
  }
}

/** What a node read last, and by what it recognises that nothing changed since. */
export interface PlanReading {
  readonly plan: ServingPlan
  readonly fingerprint: string
}

interface KeysRow {
  readonly model: null
  readonly keys: readonly KeyRow[]
}

interface HeadRow {
  readonly readAtMs: number
  readonly fingerprint: string
}

/**
 * Reads the serving plan in one snapshot. When nothing changed since the last reading only a fingerprint is transferred, and the same
 * `models` and `keys` are given again, with the time of this confirmation.
 */
export async function readServingPlan(pool: Pool, last?: PlanReading): Promise<PlanReading> {
  if (last !== undefined) {
    const head = first(await pool.query<HeadRow>(FINGERPRINT_QUERY))
    if (head.fingerprint === last.fingerprint) {
      return {
        fingerprint: last.fingerprint,
        plan: { readAtMs: head.readAtMs, models: last.plan.models, keys: last.plan.keys },
      }
    }
  }
  const result = await pool.query<HeadRow & (ModelRow | KeysRow)>(PLAN_QUERY)
  const { readAtMs, fingerprint } = first(result)
  const models = result.rows.flatMap((row) => (row.model === null ? [] : [modelPlan(row)]))
  const keys = result.rows.flatMap((row) => (row.model === null ? row.keys.map(plannedKey) : []))
  return { fingerprint, plan: { readAtMs, models, keys } }
}

function plannedKey({ id, hmac, models, verbs, expiresAtMs }: KeyRow): PlannedKey {
  return { id, hmac, models, verbs: KEY_VERBS.filter((verb) => verbs.includes(verb)), expiresAtMs }
}

function first<T>({ rows }: { readonly rows: readonly T[] }): T {
  const [row] = rows
  if (row === undefined) throw new Error('the plan query returned no row')
  return row
}
