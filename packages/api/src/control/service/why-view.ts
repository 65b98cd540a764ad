import {
  deciderRollout,
  type ModelRecord,
  openRollout,
  rolloutFacts,
  standingOf,
  versionOf,
  wishInput,
} from '@understudy/db'
import {
  decideWish,
  describeIncidents,
  describeModel,
  type ReleaseFacts,
  type TipVersion,
  type WishInput,
} from '@understudy/rollout'
import type { WhyView } from '../../views/index.ts'

/**
 * Says what a model waits for, and what befell its versions; the first command of what it waits for is offered by itself.
 *
 * @param release what it waits for in the group of models that it goes live with
 */
export function whyView(record: ModelRecord, release: ReleaseFacts | null = null): WhyView {
  const input = wishInput(record)
  const [rollout] = record.rollouts
  const open = openRollout(record)
  const live = versionOf(record, record.live)
  const newest = wantedOf(input)
  const sentence = describeModel({
    model: record.name,
    nowMs: record.readAt.getTime(),
    live: live ? { number: live.number, digest: live.digest } : null,
    newest: newest ? { ...newest, standing: standingOf(record, newest.digest) } : null,
    pointer: input.pointer,
    drift: decideWish(input).drift,
    hold: record.hold && { ...record.hold, expiresAtMs: record.hold.expiresAt?.getTime() ?? null },
    rollout: rollout
      ? { ...deciderRollout(record, rollout), detail: rollout.summary ?? rollout.reason ?? rollout.state }
      : null,
    facts: open ? rolloutFacts(record, open, { supersededBy: null, act: null, release }) : null,
  })
  return {
    sentence: [sentence, ...incidentsOf(record)].join(' '),
    command: /`([^`]+)`/.exec(sentence)?.[1] ?? null,
  }
}

/** The number that the environment file names while another is live, else the newest; null when Git does not hold it. */
function wantedOf({ tip, pointer, plan }: WishInput): TipVersion | null {
  if (pointer !== null && pointer.live !== plan.live?.number) {
    return tip.find(({ number }) => number === pointer.live) ?? null
  }
  return tip.reduce<TipVersion | null>(
    (best, version) => (best === null || version.number > best.number ? version : best),
    null,
  )
}

/** Of the versions that answer or are tried now: what befell others is told where they are asked for. */
function incidentsOf(record: ModelRecord): readonly string[] {
  const numbers = new Set([openRollout(record)?.number, record.live])
  return record.versions
    .filter((version) => numbers.has(version.number))
    .flatMap((version) => describeIncidents(version.number, version.incidents) ?? [])
}
