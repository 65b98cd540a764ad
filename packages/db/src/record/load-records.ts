import type {
  ModelConfig,
  PauseReason,
  RolloutKind,
  RolloutState,
  RolloutStep,
  ServableState,
  Signature,
  Standing,
  VerdictOutcome,
  VersionState,
} from '@understudy/core'
import type { Tx } from '../database.ts'
import { loadEvidence } from './load-evidence.ts'
import { type IncidentRow, loadIncidentRows, loadReplacementRows } from './load-incidents.ts'
import {
  loadPromotionRows,
  loadRolloutRows,
  loadVersionRows,
  type RolloutRow,
  type VersionRow,
} from './load-rows.ts'
import type {
  EvidenceRecord,
  ModelRecord,
  NodeRecord,
  Reason,
  RolloutRecord,
  ServableRecord,
  StepRecord,
  VersionRecord,
} from './model-record.ts'

const reasonsOf = (json: unknown): readonly Reason[] => (Array.isArray(json) ? (json as Reason[]) : [])

/** JSON columns hold what this package wrote, after validation: they are read back as that type. */
function stored<T>(json: unknown): T {
  return json as T
}

function versionRecord(row: VersionRow, incidents: readonly IncidentRow[]): VersionRecord {
  return {
    number: Number(row.number),
    digest: row.digest,
    commit: row.commit,
    commitSubject: row.commitSubject,
    authorName: row.authorName,
    committedAt: row.committedAt,
    state: row.state as VersionState,
    reasons: reasonsOf(row.reasons),
    refusals: reasonsOf(row.refusals),
    atTip: row.atTip,
    signature: stored<Signature | null>(row.signature),
    batchable: row.batchable,
    loadMs: row.loadMs,
    memoryBytes: row.memoryBytes === null ? null : Number(row.memoryBytes),
    incidents: incidents
      .filter((incident) => incident.number === row.number && incident.digest === row.digest)
      .map(({ kind, count, confirmed, message, at }) => ({ kind, count, confirmed, message, at })),
    sizeBytes: Number(row.sizeBytes),
    traceparent: row.traceparent,
    discoveredAt: row.discoveredAt,
    validatedAt: row.validatedAt,
  }
}

/** A rollout as its row says it, with the evidence of its series and what happened meanwhile. */
export function rolloutRecord(
  row: RolloutRow,
  evidence: ReadonlyMap<string, EvidenceRecord>,
  replacements: Awaited<ReturnType<typeof loadReplacementRows>>,
): RolloutRecord {
  return {
    id: row.id,
    number: Number(row.number),
    digest: row.digest,
    baselineNumber: row.baselineNumber === null ? null : Number(row.baselineNumber),
    baselineDigest: row.baselineDigest,
    policyHash: row.policyHash,
    kind: row.kind as RolloutKind,
    state: row.state as RolloutState,
    step: row.step as RolloutStep,
    pauseReason: row.pauseReason as PauseReason | null,
    reason: row.reason,
    summary: row.summary,
    verdict: row.verdict as VerdictOutcome | null,
    deadlineAt: row.deadlineAt,
    stepStartedAt: row.stepStartedAt,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    steps: stored<readonly StepRecord[]>(row.steps),
    traceparent: row.traceparent,
    approvals: row.approvals,
    evidence: row.seriesId === null ? null : (evidence.get(row.seriesId) ?? null),
    replacements: replacements
      .filter((replacement) => replacement.rolloutId === row.id)
      .map(({ kind, count, message }) => ({ kind, count, message })),
  }
}

interface NodeRow {
  readonly incarnation: string
  readonly name: string
  readonly joined: boolean
  readonly started_at: Date
}

/** Nodes with a lease, by the database's clock. */
async function loadNodes(tx: Tx, names: readonly string[]) {
  const nodes = await tx.$queryRaw<NodeRow[]>`
    SELECT incarnation, name, joined AND NOT draining AS joined, started_at FROM node WHERE lease_until > clock_timestamp() ORDER BY name`
  const incarnation = { in: nodes.map((node) => node.incarnation) }
  const modelName = { in: [...names] }
  const observed = await tx.nodeModel.findMany({ where: { incarnation, modelName } })
  const servables = await tx.nodeServable.findMany({ where: { incarnation, modelName } })
  return {
    nodesOf: (model: string): NodeRecord[] =>
      nodes.map((node) => ({
        node: node.name,
        joined: node.joined,
        startedAt: node.started_at,
        observedGeneration: Number(
          observed.find((row) => row.incarnation === node.incarnation && row.modelName === model)
            ?.observedGeneration ?? 0,
        ),
      })),
    servablesOf: (model: string): ServableRecord[] =>
      servables
        .filter((row) => row.modelName === model)
        .map((row) => {
          const node = nodes.find((candidate) => candidate.incarnation === row.incarnation)
          return {
            node: node?.name ?? row.incarnation,
            joined: node?.joined ?? false,
            number: Number(row.number),
            digest: row.digest,
            state: row.state as ServableState,
            reason: row.reason,
          }
        }),
  }
}

/** Groups rows by model. */
function grouped<T extends { readonly modelName: string }>(
  rows: readonly T[],
): (model: string) => readonly T[] {
  const groups = new Map<string, T[]>()
  for (const row of rows) {
    const group = groups.get(row.modelName)
    if (group) group.push(row)
    else groups.set(row.modelName, [row])
  }
  return (model) => groups.get(model) ?? []
}

async function loadParts(tx: Tx, names: readonly string[]) {
  const where = { modelName: { in: [...names] } }
  const rollouts = await loadRolloutRows(tx, names)
  return {
    versions: grouped(await loadVersionRows(tx, names)),
    incidents: grouped(await loadIncidentRows(tx, names)),
    standings: grouped(await tx.digestStanding.findMany({ where })),
    holds: grouped(await tx.hold.findMany({ where: { ...where, closedAt: null } })),
    plans: grouped(await tx.plan.findMany({ where, include: { versions: true, labels: true } })),
    rollouts: grouped(rollouts),
    evidence: await loadEvidence(
      tx,
      rollouts.map((row) => row.seriesId).filter((id) => id !== null),
    ),
    replacements: await loadReplacementRows(
      tx,
      rollouts.map((row) => row.id),
    ),
    promotions: grouped(await loadPromotionRows(tx, names)),
    ...(await loadNodes(tx, names)),
  }
}

/**
 * Reads the whole record of models (all, or the named ones), ordered by name.
 *
 * REQUIRES: one snapshot (REPEATABLE READ), or locks that make the parts belong together.
 */
export async function loadRecords(tx: Tx, only?: readonly string[]): Promise<readonly ModelRecord[]> {
  const models = await tx.model.findMany({
    ...(only ? { where: { name: { in: [...only] } } } : {}),
    orderBy: { name: 'asc' },
    include: { repository: true, problems: { orderBy: { path: 'asc' } } },
  })
  const parts = await loadParts(
    tx,
    models.map((model) => model.name),
  )
  const [clock] = await tx.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`
  return models.map((model): ModelRecord => {
    const [hold] = parts.holds(model.name)
    const [plan] = parts.plans(model.name)
    const label = (name: string) => {
      const row = plan?.labels.find((candidate) => candidate.label === name)
      return row ? Number(row.number) : null
    }
    return {
      name: model.name,
      config: stored<ModelConfig>(model.config),
      configText: model.configText,
      configProblem: model.configProblem,
      requested: model.requestedNumber === null ? null : Number(model.requestedNumber),
      repository: { url: model.repository.url, stalledReason: model.repository.stalledReason },
      drift: model.driftReason
        ? {
            reason: model.driftReason,
            detail: model.driftDetail ?? '',
            since: model.driftSince ?? model.createdAt,
          }
        : null,
      problems: model.problems.map(({ path, code, message }) => ({ path, code, message })),
      versions: parts.versions(model.name).map((row) => versionRecord(row, parts.incidents(model.name))),
      standings: parts.standings(model.name).map((row) => ({ ...row, standing: row.standing as Standing })),
      hold: hold
        ? { number: Number(hold.number), reason: hold.reason, actor: hold.actor, createdAt: hold.createdAt }
        : null,
      generation: Number(plan?.generation ?? 0),
      live: label('live'),
      previous: label('previous'),
      aspired: (plan?.versions ?? []).map((row) => Number(row.number)).sort((a, b) => a - b),
      rollouts: parts
        .rollouts(model.name)
        .map((row) => rolloutRecord(row, parts.evidence, parts.replacements)),
      promotions: parts.promotions(model.name).map((row) => ({
        ...row,
        generation: Number(row.generation),
        fromNumber: row.fromNumber === null ? null : Number(row.fromNumber),
        toNumber: Number(row.toNumber),
      })),
      nodes: parts.nodesOf(model.name),
      servables: parts.servablesOf(model.name),
      readAt: clock?.now ?? new Date(),
    }
  })
}

/** The record of one model; undefined when there is no such model. */
export async function loadRecord(tx: Tx, name: string): Promise<ModelRecord | undefined> {
  const [record] = await loadRecords(tx, [name])
  return record
}
