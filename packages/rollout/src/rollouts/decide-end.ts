import { formatVersion } from '../text/format.ts'
import type { RolloutFacts, RolloutRecord } from './rollout-facts.ts'
import type { Move } from './transitions.ts'

/** What ends an open rollout whatever its state: a person's act, a changed world, or evidence of harm. Null when it may go on. */
export function decideEnd(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  return byPerson(facts) ?? byChange(rollout, facts) ?? byEvidence(rollout, facts)
}

function byPerson({ act }: RolloutFacts): Move | null {
  if (act?.type === 'abort') {
    return { cause: 'aborted', reason: 'byUser', detail: `${act.actor} aborted it: ${act.reason}` }
  }
  if (act?.type === 'reject') {
    return { cause: 'failed', reason: 'rejected', detail: `${act.actor} rejected it: ${act.reason}` }
  }
  return null
}

function byChange(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  const candidate = formatVersion(rollout.candidate.number)
  const judgedByPolicy = rollout.kind === 'evidence' || rollout.kind === 'immediate'
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
    const detail = `${formatVersion(facts.supersededBy)} takes its place`
    return { cause: 'aborted', reason: 'superseded', detail }
  }
  return null
}

function byEvidence(rollout: RolloutRecord, { analysis }: RolloutFacts): Move | null {
  if (rollout.kind !== 'evidence' || analysis?.outcome !== 'fail') return null
  const { reason, detail } = analysis
  if (reason === null || reason === 'shed' || reason === 'maxDuration') return null
  const candidate = formatVersion(rollout.candidate.number)
  const what = reason === 'invariant' ? `an invariant: ${detail}` : `the gate ${reason}`
  return { cause: 'failed', reason, detail: `${candidate} failed ${what}` }
}
