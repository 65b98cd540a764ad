import { outputComparisons, policyHash } from '@understudy/core'
import {
  type Analysis,
  assessAnalysis,
  DEFAULT_LIMITS,
  type RolloutRecord as DeciderRollout,
  findReplacementBreach,
  type NodeReport,
  type PersonsAct,
  planAnalysis,
  type RolloutFacts,
  type RolloutPosition,
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

function refOf(version: VersionRecord | undefined): VersionRef | null {
  return version ? { number: version.number, digest: version.digest } : null
}

function baselineOf(rollout: RolloutRecord): VersionRef | null {
  const { baselineNumber, baselineDigest } = rollout
  return baselineNumber === null || baselineDigest === null
    ? null
    : { number: baselineNumber, digest: baselineDigest }
}

/** Hash of the policy in force for a version: it depends on the comparators, and so on the signature. */
export function policyHashFor(record: ModelRecord, version: VersionRecord): string {
  const signature = version.signature ?? { inputs: [], outputs: [] }
  return policyHash(record.config.rollout, outputComparisons(signature, record.config))
}

/** The record of a model as `decideWish` asks for it. */
export function wishInput(record: ModelRecord): WishInput {
  const open = openRollout(record)
  return {
    trigger: record.config.rollout.trigger,
    strategy: record.config.rollout.strategy,
    stalled: record.repository.stalledReason !== null,
    tip: record.versions
      .filter((version) => version.atTip)
      .map((version) => ({
        number: version.number,
        digest: version.digest,
        state: version.state,
        reason: version.reasons[0]?.message ?? null,
      })),
    standings: new Map(record.standings.map((row) => [row.digest, row.standing])),
    held: record.hold !== null,
    plan: { live: refOf(versionOf(record, record.live)) },
    rollout: open
      ? {
          candidate: { number: open.number, digest: open.digest },
          baseline: baselineOf(open),
          pauseReason: open.pauseReason,
        }
      : null,
    requested: record.requested,
  }
}

/** A recorded rollout as the deciders see it. The columns hold only positions that a transition wrote. */
export function deciderRollout(record: ModelRecord, rollout: RolloutRecord): DeciderRollout {
  const reason = rollout.state === 'paused' ? rollout.pauseReason : rollout.reason
  return {
    model: record.name,
    kind: rollout.kind,
    position: { state: rollout.state, step: rollout.step, reason } as RolloutPosition,
    sinceMs: rollout.stepStartedAt.getTime(),
    candidate: { number: rollout.number, digest: rollout.digest },
    baseline: baselineOf(rollout),
    policyHash: rollout.policyHash,
  }
}

/** The analysis of a rollout computed from what is recorded now; null for rollouts that collect no evidence. */
export function analysisOf(record: ModelRecord, rollout: RolloutRecord): Analysis | null {
  const { evidence } = rollout
  const candidate = versionOf(record, rollout.number)
  const began = rollout.steps.findLast((step) => step.step === 'shadow')
  if (!evidence || !candidate?.signature || !began) return null
  const plan = planAnalysis(
    record.config.rollout,
    outputComparisons(candidate.signature, record.config),
    evidence.attempt,
  )
  const until = rollout.endedAt ?? record.readAt
  return assessAnalysis(plan, {
    counters: evidence.counters,
    losses: evidence.losses,
    breach: evidence.breaches[0]?.detail ?? findReplacementBreach(rollout.replacements),
    elapsedMs: Math.max(0, until.getTime() - new Date(began.startedAt).getTime()),
    passed: evidence.passedAt !== null,
  })
}

/** What the joined nodes report of a candidate. */
function nodeReports(record: ModelRecord, rollout: RolloutRecord): readonly NodeReport[] {
  return record.nodes
    .filter((node) => node.joined)
    .map((node): NodeReport => {
      const servable = record.servables.find(
        (row) => row.node === node.node && row.number === rollout.number && row.digest === rollout.digest,
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

function approvalsOf(record: ModelRecord, rollout: RolloutRecord): RolloutFacts['approvals'] {
  const valid = rollout.approvals.filter(
    (approval) =>
      approval.consumedAt === null &&
      approval.expiresAt > record.readAt &&
      approval.candidateDigest === rollout.digest &&
      approval.baselineDigest === rollout.baselineDigest &&
      approval.policyHash === rollout.policyHash,
  )
  const firstByActor = new Map(valid.map((approval) => [approval.actor, approval]))
  return {
    required: record.config.rollout.approval.required,
    givenAtMs: [...firstByActor.values()].map((approval) => approval.createdAt.getTime()),
  }
}

/** Everything true now that `decideRollout` looks at. */
export function rolloutFacts(
  record: ModelRecord,
  rollout: RolloutRecord,
  now: { readonly supersededBy: number | null; readonly act: PersonsAct | null },
): RolloutFacts {
  const candidate = versionOf(record, rollout.number)
  return {
    nowMs: record.readAt.getTime(),
    live: refOf(versionOf(record, record.live)),
    policyHash: candidate ? policyHashFor(record, candidate) : rollout.policyHash,
    candidateAtTip: candidate?.atTip === true && candidate.digest === rollout.digest,
    candidateStanding: standingOf(record, rollout.digest),
    supersededBy: now.supersededBy,
    heldSinceMs: record.hold?.createdAt.getTime() ?? null,
    nodes: nodeReports(record, rollout),
    analysis: analysisOf(record, rollout),
    approvals: approvalsOf(record, rollout),
    act: now.act,
    limits: DEFAULT_LIMITS,
  }
}
