import { type ModelRecord, standingOf, type Tx } from '@understudy/db'
import type { StatusDocument, StatusModel } from '../../views/index.ts'
import { driftView, reasonOf } from './model-view.ts'
import { readNodes } from './node-reads.ts'
import { labelProblems, labelViews } from './pointer-views.ts'

function statusModel(record: ModelRecord): StatusModel {
  const [rollout] = record.rollouts
  const drift = driftView(record)
  return {
    name: record.name,
    live: record.live,
    previous: record.previous,
    versions: record.versions.map((version) => ({
      number: version.number,
      digest: version.digest,
      commit: version.commit,
      state: version.state,
      standing: standingOf(record, version.digest),
      reason: reasonOf(record, version),
      incidents: version.incidents.map((incident) => ({ ...incident, at: incident.at.toISOString() })),
    })),
    rollout: rollout
      ? {
          version: rollout.number,
          state: rollout.state,
          step: rollout.step,
          verdict: rollout.verdict,
          reason: rollout.pauseReason ?? rollout.reason,
        }
      : null,
    drift: drift ? { reason: drift.reason, since: drift.since } : null,
    pinned: record.pointer?.live ?? null,
    labels: labelViews(record),
    problems: [
      ...(record.configProblem
        ? [
            {
              path: `models/${record.name}/model.yaml`,
              code: 'gitops.config_invalid',
              message: record.configProblem,
            },
          ]
        : []),
      ...record.problems,
      ...labelProblems(record),
    ],
  }
}

export async function statusDocument(tx: Tx, records: readonly ModelRecord[]): Promise<StatusDocument> {
  return { models: records.map(statusModel), nodes: await readNodes(tx) }
}
