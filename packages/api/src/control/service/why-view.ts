import {
  analysisOf,
  deciderRollout,
  type ModelRecord,
  rolloutFacts,
  standingOf,
  versionOf,
  wishInput,
} from '@understudy/db'
import { decideWish, describeModel } from '@understudy/rollout'
import type { WhyView } from '../../views/index.ts'

/** Says what a model waits for; the first command in the sentence is offered by itself. */
export function whyView(record: ModelRecord): WhyView {
  const input = wishInput(record)
  const [rollout] = record.rollouts
  const live = versionOf(record, record.live)
  const newest = input.tip.reduce<(typeof input.tip)[number] | null>(
    (best, version) => (best === null || version.number > best.number ? version : best),
    null,
  )
  const sentence = describeModel({
    model: record.name,
    live: live ? { number: live.number, digest: live.digest } : null,
    newest: newest ? { ...newest, standing: standingOf(record, newest.digest) } : null,
    drift: decideWish(input).drift,
    hold: record.hold,
    rollout: rollout
      ? { ...deciderRollout(record, rollout), detail: rollout.summary ?? rollout.reason ?? rollout.state }
      : null,
    analysis: rollout ? analysisOf(record, rollout) : null,
    nodes: rollout ? rolloutFacts(record, rollout, { supersededBy: null, act: null }).nodes : [],
  })
  return { sentence, command: /`([^`]+)`/.exec(sentence)?.[1] ?? null }
}
