import { type ModelConfig, type ServableState, type Standing, SYSTEM_LABELS } from '@understudy/core'
import type { UserLabels } from '@understudy/rollout'
import type { Tx } from '../database.ts'
import { storedConfig } from '../node/stored-config.ts'
import { qualityHistograms } from '../outcomes/quality-histograms.ts'
import { qualityOf } from '../outcomes/quality-policies.ts'
import { evidenceOfRows } from './evidence-of-rows.ts'
import type { HoldRecord, ModelRecord, PointerRecord, RequestedAs } from './model-record.ts'
import { rolloutRecord, versionRecord } from './records-of-rows.ts'
import { EVIDENCE_ROWS } from './rows/evidence-rows.ts'
import { CRASH_ROWS, incidentRows, REPLACEMENT_ROWS } from './rows/incident-rows.ts'
import {
  type HoldRow,
  holdRows,
  type ModelRow,
  modelRows,
  type OfModel,
  type PointerRow,
  planRows,
  pointerRows,
  problemRows,
  promotionRows,
  standingRows,
} from './rows/model-rows.ts'
import { nodeRows, servableRows } from './rows/node-rows.ts'
import { ROLLOUT_ROWS } from './rows/rollout-rows.ts'
import { namesOf, seenRollouts } from './rows/seen.ts'
import { at, atOrNull, readTogether } from './rows/together.ts'
import { versionRows } from './rows/version-rows.ts'

/** Groups rows by model. */
function grouped<T extends OfModel>(rows: readonly T[]): (model: string) => readonly T[] {
  const groups = new Map<string, T[]>()
  for (const row of rows) {
    const group = groups.get(row.modelName)
    if (group) group.push(row)
    else groups.set(row.modelName, [row])
  }
  return (model) => groups.get(model) ?? []
}

async function loadParts(tx: Tx, only: readonly string[] | undefined) {
  const names = namesOf(only)
  const read = await readTogether(
    tx,
    {
      models: modelRows(names),
      problems: problemRows(names),
      versions: versionRows(names),
      incidents: incidentRows(names),
      standings: standingRows(names),
      holds: holdRows(names),
      pointers: pointerRows(names),
      plans: planRows(names),
      promotions: promotionRows(names),
      rollouts: ROLLOUT_ROWS,
      ...EVIDENCE_ROWS,
      replacements: REPLACEMENT_ROWS,
      crashes: CRASH_ROWS,
      nodes: nodeRows(names),
      servables: servableRows(names),
    },
    seenRollouts(names),
  )
  const configs = new Map(read.models.map(({ name, config }) => [name, storedConfig(config)]))
  const measureNow = (model: string) => measureOf(configs.get(model))
  const histograms = qualityHistograms(read.bins, measureNow)
  return {
    models: read.models,
    configOf: (model: string) => configs.get(model) ?? storedConfig({}),
    problems: grouped(read.problems),
    versions: grouped(read.versions),
    incidents: grouped(read.incidents),
    standings: grouped(read.standings),
    holds: grouped(read.holds),
    pointers: grouped(read.pointers),
    plans: grouped(read.plans),
    promotions: grouped(read.promotions),
    rollouts: grouped(read.rollouts),
    evidence: evidenceOfRows({ ...read, histograms }),
    replacements: read.replacements,
    crashes: read.crashes,
    nodes: read.nodes,
    servables: grouped(read.servables),
  }
}

function measureOf(config: ModelConfig | undefined): string | undefined {
  return config && qualityOf(config)?.measure
}

function holdRecord({ number, reason, actor, createdAt, expiresAt }: HoldRow): HoldRecord {
  return { number, reason, actor, createdAt: at(createdAt), expiresAt: atOrNull(expiresAt) }
}

function pointerRecord({ file, live, labels, changedAt, commit, settledAt }: PointerRow): PointerRecord {
  const settled = settledAt !== null
  return { file, live, labels: labels as UserLabels, changedAt: at(changedAt), commit, settled }
}

/** Labels that no rollout moves. */
function userLabels(labels: Readonly<Record<string, number>>): UserLabels {
  const own = Object.entries(labels).filter(([label]) => !SYSTEM_LABELS.some((one) => one === label))
  return Object.fromEntries(own)
}

function driftRecord({ driftReason, driftDetail, driftSince, createdAt }: ModelRow): ModelRecord['drift'] {
  if (driftReason === null) return null
  return { reason: driftReason, detail: driftDetail ?? '', since: at(driftSince ?? createdAt) }
}

/**
 * Reads the whole record of models (all, or the named ones) as of one moment, ordered by name.
 *
 * Of a model's past it reads what is in use, and the newest of the rest: 200 versions, 20 rollouts, 50 promotions. A decision that is carried
 * out on it needs the locks that keep it true.
 */
export async function loadRecords(tx: Tx, only?: readonly string[]): Promise<readonly ModelRecord[]> {
  const parts = await loadParts(tx, only)
  return parts.models.map((model): ModelRecord => {
    const { name } = model
    const [hold] = parts.holds(name)
    const [plan] = parts.plans(name)
    const [pointer] = parts.pointers(name)
    return {
      name,
      config: parts.configOf(name),
      configText: model.configText,
      configProblem: model.configProblem,
      requested: model.requestedNumber,
      requestedAs: model.requestedAs as RequestedAs | null,
      repository: { url: model.repositoryUrl, stalledReason: model.stalledReason },
      drift: driftRecord(model),
      problems: parts.problems(name).map(({ path, code, message }) => ({ path, code, message })),
      versions: parts.versions(name).map((row) => versionRecord(row, parts.incidents(name))),
      standings: parts.standings(name).map(({ modelName: _, standing, updatedAt, ...row }) => ({
        ...row,
        standing: standing as Standing,
        updatedAt: at(updatedAt),
      })),
      hold: hold ? holdRecord(hold) : null,
      pointer: pointer ? pointerRecord(pointer) : null,
      generation: plan?.generation ?? 0,
      live: plan?.labels.live ?? null,
      previous: plan?.labels.previous ?? null,
      labels: userLabels(plan?.labels ?? {}),
      aspired: plan?.aspired ?? [],
      rollouts: parts.rollouts(name).map((row) => rolloutRecord(row, parts)),
      promotions: parts
        .promotions(name)
        .map(({ modelName: _, at: promotedAt, ...row }) => ({ ...row, at: at(promotedAt) })),
      nodes: parts.nodes.map((node) => ({
        node: node.name,
        joined: node.joined,
        startedAt: at(node.startedAt),
        observedGeneration: node.observed[name] ?? 0,
      })),
      servables: parts.servables(name).map(({ modelName: _, state, ...row }) => ({
        ...row,
        state: state as ServableState,
      })),
      readAt: at(model.readAt),
    }
  })
}

/** The record of one model; undefined when there is no such model. */
export async function loadRecord(tx: Tx, name: string): Promise<ModelRecord | undefined> {
  const [record] = await loadRecords(tx, [name])
  return record
}
