import {
  type ArtifactRef,
  type MirrorPlan,
  type ModelConfig,
  type ModelPlan,
  outputComparisons,
  type PlannedVersion,
  type ServingPlan,
  type Signature,
} from '@understudy/core'
import type { Pool } from 'pg'

interface VersionRow {
  readonly number: number
  readonly digest: string
  readonly commit: string
  readonly entryPoint: string
  readonly signature: Signature
  readonly batchable: boolean
  readonly loadMs: number | null
  readonly memoryBytes: number | null
  readonly traceparent: string | null
  readonly files: readonly (ArtifactRef & { readonly kind: string })[] | null
}

interface RolloutRow {
  readonly id: string
  readonly seriesId: string
  readonly step: string
  readonly baseline: number
  readonly candidate: number
  readonly traceparent: string | null
}

interface ModelRow {
  readonly model: string
  readonly generation: number
  readonly config: ModelConfig
  readonly versions: readonly VersionRow[] | null
  readonly labels: Readonly<Record<string, number>> | null
  readonly rollout: RolloutRow | null
}

/** One statement, so one snapshot: plan, versions, labels and the rollout that mirrors, all of one moment. */
const PLAN_QUERY = `
SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS "readAtMs",
  (SELECT coalesce(json_agg(m ORDER BY m.model), '[]'::json) FROM (
    SELECT p.model, p.generation, model.config,
      (SELECT json_agg(json_build_object(
          'number', v.number, 'digest', v.digest, 'commit', v.commit, 'entryPoint', v.entry_point,
          'signature', v.signature, 'batchable', coalesce(v.batchable, false), 'traceparent', v.traceparent,
          'loadMs', v.load_ms, 'memoryBytes', v.memory_bytes,
          'files', (SELECT json_agg(json_build_object('path', f.path, 'kind', f.kind, 'sha256', f.sha256, 'sizeBytes', f.size_bytes) ORDER BY f.path)
                    FROM version_file f WHERE f.model = v.model AND f.number = v.number)
        ) ORDER BY v.number)
        FROM plan_version pv JOIN model_version v ON v.model = pv.model AND v.number = pv.number
        WHERE pv.model = p.model) AS versions,
      (SELECT json_object_agg(l.label, l.number) FROM plan_label l WHERE l.model = p.model) AS labels,
      (SELECT json_build_object('id', r.id, 'seriesId', r.series_id, 'step', 'shadow',
          'baseline', r.baseline_number, 'candidate', r.number, 'traceparent', r.traceparent)
        FROM rollout r
        WHERE r.model = p.model AND r.series_id IS NOT NULL
          AND ((r.state = 'progressing' AND r.step = 'shadow') OR (r.state = 'paused' AND r.pause_reason IN ('approval', 'held')))
      ) AS rollout
    FROM plan p JOIN model ON model.name = p.model
  ) m) AS models`

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
    // A model whose contract was recorded before there was `resident` is held, as it was then.
    runtime: { ...config.runtime, resident: config.runtime.resident ?? true },
    batchable: row.batchable,
    measured:
      row.loadMs === null || row.memoryBytes === null
        ? null
        : { loadMs: row.loadMs, memoryBytes: row.memoryBytes },
    traceparent: row.traceparent,
  }
}

function mirrorPlan(
  row: RolloutRow | null,
  versions: readonly PlannedVersion[],
  config: ModelConfig,
): MirrorPlan | null {
  const candidate = versions.find((version) => version.number === row?.candidate)
  if (!row || !candidate) return null
  return {
    rolloutId: row.id,
    seriesId: row.seriesId,
    step: row.step,
    baseline: row.baseline,
    candidate: row.candidate,
    sample: config.rollout.shadow.sample,
    compare: outputComparisons(candidate.signature, config),
    traceparent: row.traceparent,
  }
}

function modelPlan(row: ModelRow): ModelPlan {
  const { config } = row
  const versions = (row.versions ?? []).map((version) => plannedVersion(version, config))
  return {
    model: row.model,
    generation: row.generation,
    versions,
    labels: row.labels ?? {},
    mirror: mirrorPlan(row.rollout, versions, config),
  }
}

/** Reads the whole serving plan in one snapshot. */
export async function readServingPlan(pool: Pool): Promise<ServingPlan> {
  const { rows } = await pool.query<{ readAtMs: number; models: readonly ModelRow[] }>(PLAN_QUERY)
  const [row] = rows
  if (!row) throw new Error('the plan query returned no row')
  return { readAtMs: row.readAtMs, models: row.models.map(modelPlan) }
}
