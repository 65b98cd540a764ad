import type { LabelView, StatusDocument, StatusModel, StatusVersion } from '@understudy/api/views'
import { shortCommit, shortDigest } from '@understudy/core'
import Table from 'cli-table3'
import { BORDERLESS } from './borderless.ts'

const version = (number: number | null) => (number === null ? '–' : `v${number}`)

function rolloutText({ rollout }: StatusModel): string {
  if (!rollout) return '–'
  const why = rollout.reason ? ` (${rollout.reason})` : ''
  const at = rollout.state === 'progressing' || rollout.state === 'paused' ? ` at ${rollout.step}` : ''
  return `v${rollout.version} ${rollout.state}${at}${why}${rollout.verdict ? `, verdict ${rollout.verdict}` : ''}`
}

function driftText({ drift }: StatusModel): string {
  return drift ? `${drift.reason} since ${drift.since.slice(0, 16).replace('T', ' ')}` : 'in sync'
}

function stateText(entry: StatusVersion): string {
  return entry.standing === 'untried' ? entry.state : `${entry.state}, ${entry.standing}`
}

/** All models, one line each. */
function overviewTable(document: StatusDocument): string {
  const table = new Table({ ...BORDERLESS, head: ['MODEL', 'LIVE', 'PREVIOUS', 'ROLLOUT', 'GIT'] })
  for (const model of document.models) {
    table.push([
      model.name,
      version(model.live),
      version(model.previous),
      rolloutText(model),
      driftText(model),
    ])
  }
  return table.toString()
}

function incidentLine({ number, incidents }: StatusVersion): string | undefined {
  if (incidents.length === 0) return undefined
  const kinds = incidents.map(({ kind, count }) => `${count} ${kind}`).join(', ')
  return `incidents of v${number}: ${kinds} (\`understudy why\` tells more)`
}

function pinnedLine({ pinned, live }: StatusModel): readonly string[] {
  if (pinned === null) return []
  return [
    `pinned: ${version(pinned)} by the environment file${pinned === live ? '' : `, ${version(live)} is live`}`,
  ]
}

function labelLine({ label, number, waits }: LabelView): string {
  return `label: ${label} ${version(number)}${waits === null ? '' : ` (${waits})`}`
}

/** What the version is by the labels that point to it. */
function labelsOf(model: StatusModel, { number }: StatusVersion): string {
  const own = model.labels.filter((entry) => entry.number === number).map(({ label }) => label)
  const role = number === model.live ? ['live'] : number === model.previous ? ['previous'] : []
  return [...role, ...own].map((label) => ` ${label}`).join('')
}

/** One model: its versions with their states and reasons. */
function modelText(model: StatusModel): string {
  const table = new Table({ ...BORDERLESS, head: ['VERSION', 'DIGEST', 'COMMIT', 'STATE', 'REASON'] })
  for (const entry of model.versions) {
    table.push([
      `v${entry.number}${labelsOf(model, entry)}`,
      shortDigest(entry.digest),
      shortCommit(entry.commit),
      stateText(entry),
      entry.reason ?? '',
    ])
  }
  const lines = [
    `${model.name}: live ${version(model.live)}, previous ${version(model.previous)}`,
    `rollout: ${rolloutText(model)}`,
    `git: ${driftText(model)}`,
    ...pinnedLine(model),
    ...model.labels.map(labelLine),
    ...model.problems.map((problem) => `refused: ${problem.message}`),
    ...model.versions.flatMap((entry) => incidentLine(entry) ?? []),
  ]
  return `${lines.join('\n')}\n\n${table.toString()}`
}

function nodesText({ nodes }: StatusDocument): string {
  const names = nodes.map(({ name, ready }) => (ready ? name : `${name} (starting)`)).join(', ')
  const ready = nodes.filter((node) => node.ready).length
  return `nodes: ${ready} of ${nodes.length} ready${names ? `: ${names}` : ''}`
}

export function statusText(document: StatusDocument, model: string | undefined): string {
  if (document.models.length === 0)
    return 'No model yet. Push one: `npx --no-install understudy push model.onnx --model <name>`.'
  const [only] = document.models
  if (model !== undefined && only) return modelText(only)
  return `${overviewTable(document)}\n\n${nodesText(document)}`
}
