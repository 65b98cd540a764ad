import { describeSpec } from '@understudy/core'
import {
  analysisOf,
  type ModelRecord,
  openRollout,
  policyHashFor,
  standingOf,
  type VersionRecord,
  versionOf,
  wishInput,
} from '@understudy/db'
import { decideWish, describeIncidents, type ReleaseFacts } from '@understudy/rollout'
import type {
  DriftView,
  ModelRow,
  ModelView,
  PairExampleView,
  VersionRef,
  VersionView,
} from '../../views/index.ts'
import { labelProblems, labelViews, pointerView } from './pointer-views.ts'
import { policyLines } from './policy-lines.ts'
import { stepViews } from './rail-view.ts'
import { commitView, rolloutView } from './rollout-view.ts'
import { whyView } from './why-view.ts'

export function refOf(record: ModelRecord, number: number | null): VersionRef | null {
  const version = versionOf(record, number)
  return version ? { number: version.number, digest: version.digest } : null
}

/**
 * Where Git and what is served differ now. Decided afresh: an act of a moment ago has changed it before the loop came round;
 * the record only knows since when.
 */
export function driftView(record: ModelRecord): DriftView | null {
  const { drift } = decideWish(wishInput(record))
  return drift ? { ...drift, since: (record.drift?.since ?? record.readAt).toISOString() } : null
}

/** Why a version is not what its author hoped for: the refusals of changed bytes come first, they are the news. */
export function reasonOf(record: ModelRecord, version: VersionRecord): string | null {
  const [refusal] = version.refusals
  if (refusal) return refusal.message
  if (version.state === 'rejected') return version.reasons.map((reason) => reason.message).join(' ') || null
  const standing = record.standings.find((row) => row.digest === version.digest)
  return standing && (standing.standing === 'withdrawn' || standing.standing === 'failed')
    ? standing.reason
    : null
}

/** What the nodes call the version that is tried, while it answers nobody yet, or some. */
function rolloutLabels(record: ModelRecord, version: VersionRecord): readonly string[] {
  const rollout = openRollout(record)
  if (rollout?.number !== version.number || record.live === version.number) return []
  return [rollout.step === 'canary' ? 'canary' : 'shadow']
}

function versionView(record: ModelRecord, version: VersionRecord): VersionView {
  const rollout = record.rollouts.find(
    (row) => row.number === version.number && row.digest === version.digest,
  )
  const labels = [
    ...(record.live === version.number ? ['live'] : []),
    ...(record.previous === version.number ? ['previous'] : []),
    ...rolloutLabels(record, version),
    ...Object.keys(record.labels).filter((label) => record.labels[label] === version.number),
  ]
  return {
    number: version.number,
    digest: version.digest,
    state: version.state,
    standing: standingOf(record, version.digest),
    reason: reasonOf(record, version),
    labels,
    commit: commitView(record, version.number),
    sizeBytes: version.sizeBytes,
    loadMs: version.loadMs,
    memoryBytes: version.memoryBytes,
    batchable: version.batchable,
    incidents: describeIncidents(version.number, version.incidents),
    rollout: rollout
      ? {
          id: rollout.id,
          state: rollout.state,
          verdict: rollout.verdict,
          pairs: analysisOf(record, rollout)?.pairs ?? 0,
        }
      : null,
    nodes: heldBy(record.servables.filter((row) => row.number === version.number)),
  }
}

/** Each node once: of one that was killed and is back, what the process holds that was started last. */
function heldBy(rows: ModelRecord['servables']): VersionView['nodes'] {
  const states = new Map<string, VersionView['nodes'][number]>()
  for (const { node, state, reason } of rows) {
    if (!states.has(node)) states.set(node, { node, state, reason })
  }
  return [...states.values()]
}

export function modelView(
  record: ModelRecord,
  examples: readonly PairExampleView[],
  release: ReleaseFacts | null,
): ModelView {
  const [rollout] = record.rollouts
  const live = versionOf(record, record.live)
  const shown = live ?? record.versions.find((version) => version.signature !== null)
  return {
    name: record.name,
    description: record.config.description,
    owners: record.config.owners,
    live: refOf(record, record.live),
    previous: refOf(record, record.previous),
    generation: record.generation,
    versions: record.versions.map((version) => versionView(record, version)),
    rollout: rollout ? rolloutView(record, rollout, examples) : null,
    drift: driftView(record),
    hold: record.hold
      ? {
          actor: record.hold.actor,
          reason: record.hold.reason,
          since: record.hold.createdAt.toISOString(),
          expiresAt: record.hold.expiresAt?.toISOString() ?? null,
        }
      : null,
    pointer: pointerView(record),
    labels: labelViews(record),
    policy: policyLines(record),
    policyHash: shown ? policyHashFor(record, shown) : '',
    promotions: record.promotions.map((row) => ({
      generation: row.generation,
      kind: row.kind as ModelView['promotions'][number]['kind'],
      from: row.fromNumber,
      to: row.toNumber,
      actor: row.actor,
      reason: row.reason,
      at: row.at.toISOString(),
    })),
    problems: [
      ...(record.configProblem
        ? [{ path: `models/${record.name}/model.yaml`, message: record.configProblem }]
        : []),
      ...[...record.problems, ...labelProblems(record)].map(({ path, message }) => ({ path, message })),
    ],
    why: whyView(record, release),
    signature: shown?.signature
      ? {
          inputs: shown.signature.inputs.map((spec) => `${spec.name}: ${describeSpec(spec)}`),
          outputs: shown.signature.outputs.map((spec) => `${spec.name}: ${describeSpec(spec)}`),
        }
      : null,
  }
}

export function modelRow(record: ModelRecord): ModelRow {
  const rollout = openRollout(record)
  const analysis = rollout ? analysisOf(record, rollout) : null
  const steps = rollout ? stepViews(record, rollout, analysis) : []
  return {
    name: record.name,
    description: record.config.description,
    live: refOf(record, record.live),
    rollout: rollout
      ? {
          id: rollout.id,
          candidate: { number: rollout.number, digest: rollout.digest },
          state: rollout.state,
          step: rollout.step,
          pauseReason: rollout.pauseReason,
          verdict: analysis?.outcome ?? rollout.verdict,
          pairs: analysis?.pairs ?? 0,
          minPairs: analysis?.minPairs ?? 0,
          stepIndex: Math.max(
            0,
            steps.findIndex((step) => step.state === 'now'),
          ),
          stepCount: steps.length,
        }
      : null,
    drift: driftView(record),
    held: record.hold !== null,
  }
}
