import type { DriftReason } from '@understudy/core'
import { shortDigest } from '@understudy/core'
import { isOpen } from '../rollouts/rollout-position.ts'
import { expiredHold, holderOf } from './describe-hold.ts'
import { describeOpenRollout } from './describe-rollout.ts'
import { formatVersion } from './format.ts'
import type { ModelSituation } from './model-situation.ts'

/** Says what a model waits for and what to do about it: the answer of `understudy why`. */
export function describeModel(situation: ModelSituation): string {
  const { model, live, newest, drift, rollout, facts } = situation
  if (rollout && facts && isOpen(rollout.position)) return describeOpenRollout(situation, rollout, facts)
  if (drift !== null) return DRIFT_SENTENCES[drift.reason](situation)
  if (live === null || newest === null) {
    return `${model} has no version in Git. Push one: \`npx --no-install understudy push model.onnx --model ${model}\`.`
  }
  return `${served(situation)} and the newest version in Git.${expiredHold(situation) || ' Nothing to do.'}`
}

type Sentence = (situation: ModelSituation) => string

const DRIFT_SENTENCES = {
  withdrawn: (situation) =>
    `${newest(situation)} is withdrawn and cannot go live; ${served(situation)}. Push a better version, or lift it: ${lift(situation)}.`,
  rejected: (situation) =>
    `${newest(situation)} was rejected: ${situation.newest?.reason ?? 'no reason recorded'}. ${goesOn(situation)}. Push the next number.`,
  validating: (situation) => `${newest(situation)} is being validated. ${goesOn(situation)}. Nothing to do.`,
  rolloutFailed: (situation) =>
    `${newest(situation)} did not pass: ${lastWord(situation)}. ${goesOn(situation)}. Push a better version${retry(situation)}.`,
  heldByOperator: (situation) =>
    `${newest(situation)} waits: ${holderOf(situation)}. It is tried next, and its approval ends the hold. ${goesOn(situation)}.${expiredHold(situation)}`,
  manual: (situation) =>
    `${newest(situation)} is validated and waits for a person to start it, as its policy says: \`npx --no-install understudy promote ${situation.model} ${situation.newest?.number ?? ''}\`. ${goesOn(situation)}.`,
  rolloutRunning: (situation) =>
    `${newest(situation)} is validated and its rollout begins. ${goesOn(situation)}. Nothing to do.`,
  nodeLagging: (situation) => `${newest(situation)} waits for nodes that lag. ${goesOn(situation)}.`,
  deletedInGit: (situation) =>
    `${served(situation)} but is no longer in Git; deleting a version never takes it off. Push a version to replace it.`,
  repositoryStalled: (situation) =>
    `${newest(situation)} waits: the history of the repository was rewritten. Push the old history back, or acknowledge the new one. ${goesOn(situation)}.`,
} as const satisfies Record<DriftReason, Sentence>

function newest({ model, newest }: ModelSituation): string {
  return newest === null ? model : `${model} ${formatVersion(newest.number)}`
}

function served({ model, live }: ModelSituation): string {
  return live === null ? `no version of ${model} is live` : `${model} ${formatVersion(live.number)} is live`
}

function goesOn({ live }: ModelSituation): string {
  return live === null ? 'No version is live' : `${formatVersion(live.number)} goes on`
}

function lift({ model, newest }: ModelSituation): string {
  const digest = newest === null ? '<digest>' : shortDigest(newest.digest)
  return `\`npx --no-install understudy lift ${model} ${digest} --reason "why"\``
}

function lastWord({ newest, rollout }: ModelSituation): string {
  const same = rollout !== null && rollout.candidate.digest === newest?.digest
  return same && rollout.position.state !== 'succeeded'
    ? rollout.detail
    : 'its digest was tried before and failed'
}

function retry({ model, rollout, newest }: ModelSituation): string {
  const position = rollout?.candidate.digest === newest?.digest ? rollout?.position : undefined
  const byEvidence =
    position?.state === 'failed' && position.reason !== 'load' && position.reason !== 'rejected'
  return byEvidence ? '' : `, or try it again: \`npx --no-install understudy retry ${model}\``
}
