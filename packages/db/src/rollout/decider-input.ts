import { frozenUntil } from '@understudy/core'
import {
  DEFAULT_LIMITS,
  type RolloutRecord as DeciderRollout,
  type NodeReport,
  type PersonsAct,
  type Pointer,
  type ReleaseFacts,
  type RolloutFacts,
  type TipVersion,
  type VersionRef,
  type WishInput,
} from '@understudy/rollout'
import {
  type ModelRecord,
  openRollout,
  type RolloutRecord,
  standingOf,
  type VersionRecord,
  versionOf,
} from '../record/model-record.ts'
import { analysisOf, positionOf } from './analysis-of.ts'
import { policyHashFor } from './comparisons-of.ts'

/** Names a version as the deciders do. */
export function refOf(version: VersionRecord | null | undefined): VersionRef | null {
  return version ? { number: version.number, digest: version.digest } : null
}

function baselineOf(rollout: RolloutRecord): VersionRef | null {
  const { baselineNumber, baselineDigest } = rollout
  return baselineNumber === null || baselineDigest === null
    ? null
    : { number: baselineNumber, digest: baselineDigest }
}

/** A version at the tip as the deciders see it. */
export function tipVersion(version: VersionRecord): TipVersion {
  const { number, digest, state } = version
  return { number, digest, state, reason: version.reasons[0]?.message ?? null }
}

/** What the environment file asks to be live; null where it leaves that to the trigger. */
function pointerOf({ pointer }: ModelRecord): Pointer | null {
  if (pointer === null || pointer.live === null) return null
  const { live, file, settled, changedAt } = pointer
  return { live, file, settled, changedAtMs: changedAt.getTime() }
}

/** The record of a model as `decideWish` asks for it. */
export function wishInput(record: ModelRecord): WishInput {
  const open = openRollout(record)
  return {
    trigger: record.config.rollout.trigger,
    strategy: record.config.rollout.strategy,
    stalled: record.repository.stalledReason !== null,
    tip: record.versions.filter((version) => version.atTip).map(tipVersion),
    standings: new Map(record.standings.map((row) => [row.digest, row.standing])),
    held: record.hold !== null,
    plan: { live: refOf(versionOf(record, record.live)) },
    pointer: pointerOf(record),
    rollout: open
      ? {
          kind: open.kind,
          candidate: { number: open.number, digest: open.digest },
          baseline: baselineOf(open),
          step: open.step,
          pauseReason: open.pauseReason,
          startedAtMs: open.startedAt.getTime(),
        }
      : null,
    requested:
      record.requested === null
        ? null
        : { number: record.requested, rehearsal: record.requestedAs === 'rehearsal' },
  }
}

/** A recorded rollout as the deciders see it. */
export function deciderRollout(record: ModelRecord, rollout: RolloutRecord): DeciderRollout {
  const { promotedNow } = rollout
  return {
    model: record.name,
    kind: rollout.kind,
    position: positionOf(rollout),
    sinceMs: rollout.stepStartedAt.getTime(),
    candidate: { number: rollout.number, digest: rollout.digest },
    baseline: baselineOf(rollout),
    policyHash: rollout.policyHash,
    promotedNow: promotedNow && {
      actor: promotedNow.actor,
      reason: promotedNow.reason,
      atMs: promotedNow.at.getTime(),
    },
  }
}

/** What the joined nodes report of a version. */
export function nodeReports(record: ModelRecord, version: VersionRef): readonly NodeReport[] {
  return record.nodes
    .filter((node) => node.joined)
    .map((node): NodeReport => {
      const servable = record.servables.find(
        (row) => row.node === node.node && row.number === version.number && row.digest === version.digest,
      )
      const state =
        servable?.state === 'available' || servable?.state === 'error' ? servable.state : 'pending'
      return {
        node: node.node,
        joinedAtMs: node.startedAt.getTime(),
        state,
        detail: servable?.reason ?? null,
      }
    })
}

/** Where a rollback leads: the warm version before, unless it was withdrawn meanwhile. */
export function previousOf(record: ModelRecord): VersionRecord | null {
  const previous = versionOf(record, record.previous)
  return previous && standingOf(record, previous.digest) !== 'withdrawn' ? previous : null
}

/** What is true now besides what the record of the model says. */
export interface Now {
  readonly supersededBy: number | null
  readonly act: PersonsAct | null
  readonly release: ReleaseFacts | null
}

/** Everything true now that `decideRollout` looks at. */
export function rolloutFacts(record: ModelRecord, rollout: RolloutRecord, now: Now): RolloutFacts {
  const candidate = versionOf(record, rollout.number)
  const policy = record.config.rollout
  const nowMs = record.readAt.getTime()
  return {
    nowMs,
    live: refOf(versionOf(record, record.live)),
    previous: refOf(previousOf(record)),
    policy,
    policyHash: candidate ? policyHashFor(record, candidate) : rollout.policyHash,
    candidateAtTip: candidate?.atTip === true && candidate.digest === rollout.digest,
    candidateStanding: standingOf(record, rollout.digest),
    supersededBy: now.supersededBy,
    heldSinceMs: record.hold?.createdAt.getTime() ?? null,
    frozenUntilMs: frozenUntil(policy.freeze, nowMs),
    nodes: nodeReports(record, rollout),
    analysis: analysisOf(record, rollout),
    approvals: openApprovals(rollout),
    // An author of a commit can be forged, and there is no login or verified signer yet: nobody is proved to have pushed.
    pusher: null,
    release: now.release,
    act: now.act,
    limits: DEFAULT_LIMITS,
  }
}

function openApprovals({ approvals }: RolloutRecord): RolloutFacts['approvals'] {
  return approvals
    .filter((approval) => approval.consumedAt === null)
    .map((approval) => ({
      actor: approval.actor,
      atMs: approval.createdAt.getTime(),
      expiresAtMs: approval.expiresAt.getTime(),
      candidateDigest: approval.candidateDigest,
      baselineDigest: approval.baselineDigest,
      policyHash: approval.policyHash,
    }))
}
