import { type ModelRecord, standingOf } from '@understudy/db'
import type { StatusDocument, StatusModel } from '../../views/index.ts'
import { driftView, reasonOf } from './model-view.ts'

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
    ],
  }
}

export function statusDocument(records: readonly ModelRecord[]): StatusDocument {
  return { models: records.map(statusModel) }
}
