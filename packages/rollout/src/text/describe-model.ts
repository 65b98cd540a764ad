import type { DriftReason } from '@understudy/core'
import { shortDigest } from '@understudy/core'
import { isOpen } from '../rollouts/rollout-position.ts'
import type { Pointer } from '../wish/wish.ts'
import { expiredHold, holderOf } from './describe-hold.ts'
import { describeOpenRollout } from './describe-rollout.ts'
import { formatVersion } from './format.ts'
import type { ModelSituation } from './model-situation.ts'

/** Says what a model waits for and what to do about it: the answer of `understudy why`. */
export function describeModel(situation: ModelSituation): string {
  const { model, live, newest, pointer, drift, rollout, facts } = situation
  if (rollout && facts && isOpen(rollout.position)) return describeOpenRollout(situation, rollout, facts)
  if (drift !== null) return DRIFT_SENTENCES[drift.reason](situation)
  if (live === null || newest === null) {
    return `${model} has no version in Git. Push one: \`npx --no-install understudy push model.onnx --model ${model}\`.`
  }
  const asPinned = pointer === null ? '' : `, and what ${pointer.file} asks for`
  return `${served(situation)} and the newest version in Git${asPinned}.${expiredHold(situation) || ' Nothing to do.'}`
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
  pinned: describePinned,
  deletedInGit: (situation) =>
    asksForAnother(situation)
      ? `${situation.pointer.file} asks for ${formatVersion(situation.pointer.live)} of ${situation.model}, which is not in Git. ${goesOn(situation)}. Push that number, or change the entry.`
      : `${served(situation)} but is no longer in Git; deleting a version never takes it off. Push a version to replace it.`,
  repositoryStalled: (situation) =>
    `${newest(situation)} waits: the history of the repository was rewritten. Push the old history back, or acknowledge the new one. ${goesOn(situation)}.`,
} as const satisfies Record<DriftReason, Sentence>

/** The environment file names a version that is not live. */
function asksForAnother(
  situation: ModelSituation,
): situation is ModelSituation & { readonly pointer: Pointer } {
  const { pointer, live } = situation
  return pointer !== null && pointer.live !== live?.number
}

function describePinned(situation: ModelSituation): string {
  const { pointer } = situation
  const file = pointer?.file ?? 'the environment file'
  return asksForAnother(situation)
    ? `${file} asks for ${formatVersion(situation.pointer.live)} of ${situation.model}, and another was made live after that. ${goesOn(situation)}. Change the entry to what shall be live; taken out and put in again, it is carried out anew.`
    : `${newest(situation)} waits: ${file} pins ${formatVersion(pointer?.live ?? 0)}, which is live. Change the entry, or take it out, to let newer versions be tried.`
}

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
