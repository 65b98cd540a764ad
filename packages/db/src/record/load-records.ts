import { type ServableState, type Standing, SYSTEM_LABELS } from '@understudy/core'
import type { UserLabels } from '@understudy/rollout'
import type { Tx } from '../database.ts'
import { storedConfig } from '../node/stored-config.ts'
import { loadEvidence } from './load-evidence.ts'
import { loadCrashRows, loadIncidentRows, loadReplacementRows } from './load-incidents.ts'
import { loadPromotionRows, loadRolloutRows, loadVersionRows } from './load-rows.ts'
import type {
  HoldRecord,
  ModelRecord,
  NodeRecord,
  PointerRecord,
  RequestedAs,
  ServableRecord,
} from './model-record.ts'
import { rolloutRecord, versionRecord } from './records-of-rows.ts'

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
  const incidents = await loadIncidentRows(tx, names)
  // What befell a rollout is among the incidents of its model: where there are none, nothing is asked.
  const struck = incidents.length === 0 ? [] : rollouts.map((row) => row.id)
  return {
    versions: grouped(await loadVersionRows(tx, names)),
    incidents: grouped(incidents),
    standings: grouped(await tx.digestStanding.findMany({ where })),
    holds: grouped(await tx.hold.findMany({ where: { ...where, closedAt: null } })),
    pointers: grouped(await tx.pointer.findMany({ where })),
    plans: grouped(await tx.plan.findMany({ where, include: { versions: true, labels: true } })),
    rollouts: grouped(rollouts),
    evidence: await loadEvidence(
      tx,
      rollouts.map((row) => row.seriesId).filter((id) => id !== null),
    ),
    replacements: struck.length === 0 ? [] : await loadReplacementRows(tx, struck),
    crashes: struck.length === 0 ? [] : await loadCrashRows(tx, struck),
    promotions: grouped(await loadPromotionRows(tx, names)),
    ...(await loadNodes(tx, names)),
  }
}

type Rows = Awaited<ReturnType<typeof loadParts>>

function holdRecord(row: ReturnType<Rows['holds']>[number]): HoldRecord {
  const { number, reason, actor, createdAt, expiresAt } = row
  return { number: Number(number), reason, actor, createdAt, expiresAt }
}

function pointerRecord(row: ReturnType<Rows['pointers']>[number]): PointerRecord {
  const { file, live, changedAt, commit, settledAt } = row
  const settled = settledAt !== null
  const labels = row.labels as UserLabels
  return { file, live: live === null ? null : Number(live), labels, changedAt, commit, settled }
}

/** Labels that no rollout moves. */
function userLabels(labels: readonly { readonly label: string; readonly number: bigint }[]): UserLabels {
  const own = labels.filter(({ label }) => !SYSTEM_LABELS.some((one) => one === label))
  return Object.fromEntries(own.map(({ label, number }) => [label, Number(number)]))
}

function driftRecord(row: {
  readonly driftReason: string | null
  readonly driftDetail: string | null
  readonly driftSince: Date | null
  readonly createdAt: Date
}): ModelRecord['drift'] {
  const { driftReason, driftDetail, driftSince, createdAt } = row
  if (driftReason === null) return null
  return { reason: driftReason, detail: driftDetail ?? '', since: driftSince ?? createdAt }
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
    const [pointer] = parts.pointers(model.name)
    const label = (name: string) => {
      const row = plan?.labels.find((candidate) => candidate.label === name)
      return row ? Number(row.number) : null
    }
    return {
      name: model.name,
      config: storedConfig(model.config),
      configText: model.configText,
      configProblem: model.configProblem,
      requested: model.requestedNumber === null ? null : Number(model.requestedNumber),
      requestedAs: model.requestedAs as RequestedAs | null,
      repository: { url: model.repository.url, stalledReason: model.repository.stalledReason },
      drift: driftRecord(model),
      problems: model.problems.map(({ path, code, message }) => ({ path, code, message })),
      versions: parts.versions(model.name).map((row) => versionRecord(row, parts.incidents(model.name))),
      standings: parts.standings(model.name).map((row) => ({ ...row, standing: row.standing as Standing })),
      hold: hold ? holdRecord(hold) : null,
      pointer: pointer ? pointerRecord(pointer) : null,
      generation: Number(plan?.generation ?? 0),
      live: label('live'),
      previous: label('previous'),
      labels: userLabels(plan?.labels ?? []),
      aspired: (plan?.versions ?? []).map((row) => Number(row.number)).sort((a, b) => a - b),
      rollouts: parts.rollouts(model.name).map((row) => rolloutRecord(row, parts)),
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
