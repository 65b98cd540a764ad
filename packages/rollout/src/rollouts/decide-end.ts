import type { AnalysisReason } from '../analysis/analysis.ts'
import { formatVersion } from '../text/format.ts'
import type { RolloutFacts, RolloutRecord } from './rollout-facts.ts'
import { type FailReason, isCompared } from './rollout-position.ts'
import { type Move, mayMove } from './transitions.ts'

/**
 * What ends an open rollout whatever its state: a person's act, a changed world, or evidence of harm. Null when it may go on. Of a version in
 * its bake, which is live, other rules hold.
 */
export function decideEnd(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  return byPerson(rollout, facts) ?? byChange(rollout, facts) ?? byEvidence(rollout, facts)
}

function byPerson({ position }: RolloutRecord, { act }: RolloutFacts): Move | null {
  if (act?.type === 'abort') {
    return { cause: 'aborted', reason: 'byUser', detail: `${act.actor} aborted it: ${act.reason}` }
  }
  if (act?.type === 'reject' && mayMove(position, 'rejected')) {
    return { cause: 'rejected', detail: `${act.actor} rejected it: ${act.reason}` }
  }
  return null
}

function byChange(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  const candidate = formatVersion(rollout.candidate.number)
  const judgedByPolicy = isCompared(rollout.kind) || rollout.kind === 'immediate'
  if (rollout.baseline?.number !== facts.live?.number) {
    const live = facts.live === null ? 'no version' : formatVersion(facts.live.number)
    return { cause: 'aborted', reason: 'baselineChanged', detail: `${live} is live now` }
  }
  if (facts.candidateStanding === 'withdrawn') {
    return { cause: 'aborted', reason: 'byUser', detail: `${candidate} was withdrawn` }
  }
  if (judgedByPolicy && rollout.policyHash !== facts.policyHash) {
    return { cause: 'aborted', reason: 'policyChanged', detail: 'the policy of the model changed' }
  }
  if (!facts.candidateAtTip) {
    return { cause: 'aborted', reason: 'deletedInGit', detail: `${candidate} left Git` }
  }
  if (facts.supersededBy !== null) {
    const detail = describeSuperseded(rollout, facts, facts.supersededBy)
    return { cause: 'aborted', reason: 'superseded', detail }
  }
  return null
}

function describeSuperseded({ candidate }: RolloutRecord, { live }: RolloutFacts, by: number): string {
  if (by === candidate.number) return `Git asks for ${formatVersion(by)} in another way now`
  return by === live?.number
    ? `Git asks for ${formatVersion(by)}, which is live`
    : `Git asks for ${formatVersion(by)} now`
}

function byEvidence(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  const harm = harmOf(rollout, facts)
  if (harm === null) return null
  return rollout.kind === 'rehearsal'
    ? { cause: 'aborted', reason: 'rehearsed', detail: `${harm.detail} in its rehearsal` }
    : { cause: 'failed', ...harm }
}

type GateReason = Exclude<FailReason, 'load' | 'rejected' | 'rolledBack'>

/** What the evidence has against the candidate; null when nothing. */
export function harmOf(
  rollout: RolloutRecord,
  { analysis }: RolloutFacts,
): { readonly reason: GateReason; readonly detail: string } | null {
  if (!isCompared(rollout.kind) || analysis?.outcome !== 'fail') return null
  const { reason, detail } = analysis
  if (reason === null || !speaksAgainst(reason)) return null
  const what = reason === 'invariant' ? `an invariant: ${detail}` : `the gate ${reason}`
  return { reason, detail: `${formatVersion(rollout.candidate.number)} failed ${what}` }
}

const UNDECIDED: ReadonlySet<AnalysisReason> = new Set(['shed', 'coverage', 'maxDuration'])

function speaksAgainst(reason: AnalysisReason): reason is GateReason {
  return !UNDECIDED.has(reason)
}
