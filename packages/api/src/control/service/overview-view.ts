import { shownUrl } from '@understudy/core'
import { analysisOf, type ModelRecord, openRollout, type RolloutRecord, versionOf } from '@understudy/db'
import type { NeedsYouItem } from '../../views/index.ts'
import { analysisView } from './analysis-view.ts'
import { driftView, reasonOf } from './model-view.ts'

const URGENCY = { approval: 0, paused: 1, repository: 2, rejected: 3, held: 4 } as const satisfies Record<
  NeedsYouItem['kind'],
  number
>

function rolloutItem(record: ModelRecord, rollout: RolloutRecord): NeedsYouItem | null {
  if (rollout.state !== 'paused' || rollout.pauseReason === 'nodesLagging') return null
  const analysis = analysisOf(record, rollout)
  const view = analysis ? analysisView(record, rollout, analysis) : null
  const name = `${record.name} v${rollout.number}`
  const approval = rollout.pauseReason === 'approval' || rollout.pauseReason === 'held'
  const sentence = {
    approval: `${name} passed its shadow and waits for your approval`,
    held: `${name} passed its shadow and waits: ${record.hold?.actor ?? 'an operator'} holds what is live`,
    inconclusive: `The shadow of ${name} is inconclusive: you decide`,
    noData: `${name} has no evidence: nobody calls ${record.name}`,
    frozen: `${name} is cleared and waits for the end of a freeze window`,
    byUser: `The rollout of ${name} is paused by a person`,
    nodesLagging: '',
  }[rollout.pauseReason ?? 'approval']
  return {
    kind: approval ? 'approval' : 'paused',
    model: record.name,
    sentence,
    detail: view?.summary ?? '',
    rolloutId: rollout.id,
    gates: view?.gates ?? [],
  }
}

function itemsOf(record: ModelRecord): readonly NeedsYouItem[] {
  const items: NeedsYouItem[] = []
  const rollout = openRollout(record)
  const waiting = rollout ? rolloutItem(record, rollout) : null
  if (waiting) items.push(waiting)
  const newest = record.versions.find((version) => version.atTip)
  const item = { model: record.name, rolloutId: null, gates: [] }
  if (newest?.state === 'rejected') {
    const goesOn = record.live === null ? 'Nothing is live.' : `v${record.live} goes on.`
    const why = reasonOf(record, newest) ?? 'no reason recorded'
    items.push({
      ...item,
      kind: 'rejected',
      sentence: `${record.name} v${newest.number} was rejected`,
      detail: `${why} ${goesOn}`,
    })
  }
  const [refusal] = record.versions.flatMap((version) => version.refusals)
  if (refusal)
    items.push({
      ...item,
      kind: 'rejected',
      sentence: `A change of ${record.name} was refused`,
      detail: refusal.message,
    })
  if (record.configProblem) {
    items.push({
      ...item,
      kind: 'rejected',
      sentence: `model.yaml of ${record.name} was refused; the last valid one goes on`,
      detail: record.configProblem,
    })
  }
  // A refused version is one matter, though it stands in the record as a rejected number and as a problem of its path.
  const told = new Set(newest?.reasons.map((reason) => reason.message))
  for (const problem of record.problems.filter(({ message }) => !told.has(message))) {
    items.push({
      ...item,
      kind: 'rejected',
      sentence: `${problem.path} was refused`,
      detail: problem.message,
    })
  }
  const drift = driftView(record)
  const held = versionOf(record, record.hold?.number ?? null)
  if (record.hold && held && rollout?.pauseReason !== 'held' && drift) {
    items.push({
      ...item,
      kind: 'held',
      sentence: `${record.name} is held on v${held.number}`,
      detail: `held by ${record.hold.actor}: “${record.hold.reason}”. ${drift.detail}`,
    })
  }
  return items
}

/** What waits for a person, the most urgent first. */
export function needsYou(records: readonly ModelRecord[]): readonly NeedsYouItem[] {
  const stalled = new Map(
    records
      .filter((record) => record.repository.stalledReason)
      .map((record) => [record.repository.url, record]),
  )
  const repositories = [...stalled.values()].map(
    (record): NeedsYouItem => ({
      kind: 'repository',
      model: null,
      sentence: `The repository ${shownUrl(record.repository.url)} is stalled`,
      detail: record.repository.stalledReason ?? '',
      rolloutId: null,
      gates: [],
    }),
  )
  return [...repositories, ...records.flatMap(itemsOf)].sort((a, b) => URGENCY[a.kind] - URGENCY[b.kind])
}
