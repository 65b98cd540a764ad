import type { DriftReason, Standing } from '@understudy/core'
import { decideRollout } from '../rollouts/decide-rollout.ts'
import { analysis } from '../rollouts/rollout.fixture.ts'
import { deadlineOf } from '../rollouts/rollout-deadline.ts'
import type { RolloutFacts, RolloutRecord } from '../rollouts/rollout-facts.ts'
import { isOpen, phaseOf, type RolloutPhase } from '../rollouts/rollout-position.ts'
import { type RolloutTransition, TRANSITIONS } from '../rollouts/transitions.ts'
import { decideWish } from '../wish/decide-wish.ts'
import type { TipVersion } from '../wish/wish.ts'
import { isTrueDrift } from './drift-laws.fixture.ts'
import { law } from './law.fixture.ts'
import type { ModelWorld } from './model-world.fixture.ts'
import type { OpenWorld } from './open-world.fixture.ts'
import {
  checkPointedOpen,
  checkPointedPromotion,
  checkPointedStart,
  isPointed,
  mayReturn,
} from './pointer-laws.fixture.ts'

/** What the people's approvals are worth, counted anew and apart from the decider. */
function approvedEnough(record: RolloutRecord, facts: RolloutFacts): boolean {
  const { required, selfApprove, groups } = facts.policy.approval
  const valid = facts.approvals.filter(
    (one) =>
      one.expiresAtMs > facts.nowMs &&
      one.policyHash === record.policyHash &&
      one.candidateDigest === record.candidate.digest &&
      one.baselineDigest === record.baseline?.digest &&
      (facts.heldSinceMs === null || one.atMs >= facts.heldSinceMs),
  )
  if (valid.some(({ actor }) => actor.startsWith('local:'))) return true
  const people = new Set(valid.map(({ actor }) => actor))
  if (!selfApprove && facts.pusher !== null) people.delete(facts.pusher)
  const unverified = !selfApprove && facts.pusher === null && required > 0 ? 2 : 0
  return (
    people.size >= Math.max(required, unverified, facts.heldSinceMs === null ? 0 : 1) &&
    groups.every((group) => group.members.filter((one) => people.has(one)).length >= group.required)
  )
}

/** Nothing goes live that may not. */
function checkPromotion(open: OpenWorld, facts: RolloutFacts, world: ModelWorld): void {
  const { record } = open
  const { candidate, position, promotedNow } = record
  const { hold, live } = world
  law(
    'only what is being promoted goes live',
    position.state === 'progressing' && position.step === 'promoting',
  )
  law('some node has joined', facts.nodes.length > 0)
  law(
    'every joined node is ready',
    facts.nodes.every(({ state }) => state === 'available'),
  )
  law('nothing withdrawn goes live', world.standingOf(candidate.digest) !== 'withdrawn')
  checkPointedPromotion(open, world)
  law('live is the baseline', record.baseline?.number === live?.number)
  law('it is in Git', facts.candidateAtTip)
  law('no freeze window stands', facts.frozenUntilMs === null)
  law('no release waits', !world.releaseWaits)
  law('a rehearsal does not go live', record.kind !== 'rehearsal')
  const insistedUnderHold = hold !== null && promotedNow !== null && promotedNow.atMs >= hold.sinceMs
  if (hold !== null && !insistedUnderHold) {
    law(
      'someone approved under the hold',
      facts.approvals.some(({ atMs }) => atMs >= hold.sinceMs),
    )
  }
  law('its kind is true', isTrueKind(record, facts, world))
  if (record.kind === 'evidence') checkEvidence(open, facts, world)
}

function isTrueKind(
  { kind, candidate }: RolloutRecord,
  { policy }: RolloutFacts,
  world: ModelWorld,
): boolean {
  const { live } = world
  if (kind === 'first') return live === null
  if (kind === 'returning') return live?.digest === candidate.digest || mayReturn(candidate, world)
  return kind === 'immediate' ? policy.strategy === 'immediate' : kind === 'evidence'
}

function checkEvidence({ record, series, weights }: OpenWorld, facts: RolloutFacts, world: ModelWorld): void {
  law('no evidence speaks against it', series.failed === null)
  law('the policy is the one it was judged by', record.policyHash === world.policyHash)
  if (record.promotedNow !== null) return
  law('it passed', series.passed)
  law('the right people approved', approvedEnough(record, facts))
  law(
    'it went through its whole canary',
    weights.join() === facts.policy.canary.map((_, index) => index).join(),
  )
}

/** A weight of the canary is left for the next only with its pairs and its time. */
function checkWeight(
  { record }: OpenWorld,
  { analysis: given, policy, nowMs }: RolloutFacts,
  world: ModelWorld,
): void {
  const pairs = given?.steps.find(({ step }) => step === world.stepOf(record))?.pairs ?? 0
  law('a weight has its pairs', pairs >= policy.canaryMinPairs)
  law('a weight has its time', nowMs - record.sinceMs >= policy.canaryMinDuration)
}

/** What must be true when a rollout begins. */
export function checkStart(version: TipVersion, kind: RolloutRecord['kind'], world: ModelWorld): void {
  const { requested, open, policy } = world
  const standing = world.standingOf(version.digest)
  const asked = requested?.number === version.number && requested.rehearsal === (kind === 'rehearsal')
  law('one rollout is open at most', open === null)
  law('only a validated version is tried', version.state === 'validated')
  law('nothing withdrawn is tried', standing !== 'withdrawn')
  if (kind === 'rehearsal') law('a person asked for a rehearsal', asked)
  else checkPointedStart(version, asked, world)
  const byItself = policy.trigger === 'push' || kind === 'rehearsal' || isPointed(version, world)
  if (standing === 'failed' || !byItself) law('a person asked for it', asked)
}

/** What must be true of every move. */
export function checkMove(
  transition: RolloutTransition,
  open: OpenWorld,
  facts: RolloutFacts,
  world: ModelWorld,
): void {
  const { cause, to, effect, detail } = transition
  const from = phaseOf(open.record.position)
  const row: Readonly<Record<string, readonly RolloutPhase[]>> = TRANSITIONS[from]
  law('only what is open moves', isOpen(open.record.position))
  law('a move has a sentence for the record', detail !== '')
  law('a move is in the table', row[cause]?.includes(phaseOf(to)) === true)
  if (from === 'canary' && (cause === 'nextWeight' || cause === 'cleared')) checkWeight(open, facts, world)
  if (effect === 'promote') checkPromotion(open, facts, world)
  if (effect === 'rollBack') law('a rollback has somewhere to go', facts.previous !== null)
}

/** What becomes of a digest when its rollout ends. */
export function checkEnd(before: Standing, { record }: OpenWorld, world: ModelWorld): void {
  const { kind, position, candidate } = record
  const after = world.standingOf(candidate.digest)
  const answered = position.weightIndex !== null || position.step === 'bake'
  const byPerson = position.state === 'aborted' && position.reason === 'byUser'
  if (kind === 'rehearsal') law('a rehearsal changes no standing', after === before)
  else if (position.state === 'succeeded') law('what succeeded is proven', after === 'proven')
  else if (position.state === 'failed' || byPerson) {
    law('what answered clients and was taken off is withdrawn', after === (answered ? 'withdrawn' : 'failed'))
  } else if (position.reason === 'deadline') law('what nobody decided failed', after === 'failed')
  else law('what was overtaken keeps its standing', after === before)
}

/** What must be true of a model when there is nothing left to do. Returns the reason of its drift. */
export function checkRest(world: ModelWorld): DriftReason | null {
  const { live, open, tip, pointer } = world
  const { act, drift } = decideWish(world.wishInput())
  law('nothing is left to do', act.type === 'none')
  law('nothing withdrawn is live', live === null || world.standingOf(live.digest) !== 'withdrawn')
  const newest = Math.max(0, ...tip.map(({ number }) => number))
  const isNewest = newest === (live?.number ?? 0)
  const isNamed = pointer === null || pointer.live === live?.number
  law(
    'there is drift exactly when live is not the newest, or not what the environment file names',
    (drift === null) === (isNewest && isNamed),
  )
  law('an entry that came true is carried out', pointer === null || !isNamed || pointer.settled)
  if (drift !== null) law(`the drift is true: ${drift.reason}`, isTrueDrift(drift.reason, world.wishInput()))
  if (open !== null) checkOpen(world, open)
  return drift?.reason ?? null
}

/** An open rollout waits for something: it leaves by its deadline, or stands while its reason does. */
function checkOpen(world: ModelWorld, open: OpenWorld): void {
  const facts = world.facts(open)
  const phase = phaseOf(open.record.position)
  law('it waits', decideRollout(open.record, facts) === null)
  checkPointedOpen(open, world)
  const deadlineMs = deadlineOf(open.record, facts)
  if (deadlineMs === null) {
    const stands = phase === 'pausedByUser' || (phase === 'pausedHeld' && world.hold !== null)
    law('only a person keeps a rollout waiting without a deadline', stands)
    return
  }
  law('a deadline is ahead', deadlineMs > world.nowMs)
  law('a state is left by its deadline', decideRollout(open.record, { ...facts, nowMs: deadlineMs }) !== null)
  if (phase === 'bake') checkWayBack(world, open, facts)
}

/** Harm in a bake brings the version before back, in a freeze window and under a hold too. */
function checkWayBack(world: ModelWorld, open: OpenWorld, facts: RolloutFacts): void {
  const harmed = { ...facts, analysis: analysis('fail', { reason: 'errors' }) }
  const hindered = { ...harmed, frozenUntilMs: world.nowMs + 1, heldSinceMs: world.nowMs }
  for (const given of [harmed, hindered]) {
    const transition = decideRollout(open.record, given)
    law('harm ends a bake', transition?.to.state === 'failed')
    law('harm leads back', transition.effect === (facts.previous === null ? null : 'rollBack'))
  }
}
