import {
  analysisOf,
  deciderRollout,
  type ModelRecord,
  type RolloutRecord,
  rolloutFacts,
  standingOf,
  versionOf,
} from '@understudy/db'
import { assessApprovals, COMMANDS, deadlineOf, decideCommand } from '@understudy/rollout'
import { traceIdOf } from '@understudy/telemetry'
import type { ApprovalView, CommitView, PairExampleView, RolloutView } from '../../views/index.ts'
import { analysisView } from './analysis-view.ts'
import { canaryPercent, OPEN, stepViews } from './rail-view.ts'
import { variantView } from './variant-view.ts'

export function commitView(record: ModelRecord, number: number): CommitView {
  const version = versionOf(record, number)
  return {
    hash: version?.commit ?? '',
    subject: version?.commitSubject ?? '',
    authorName: version?.authorName ?? '',
    at: (version?.committedAt ?? record.readAt).toISOString(),
  }
}

function mayView(record: ModelRecord, rollout: RolloutRecord): RolloutView['may'] {
  const situation = {
    rollout: deciderRollout(record, rollout),
    candidateStanding: standingOf(record, rollout.digest),
    verdict: rollout.verdict,
    previous: rolloutFacts(record, rollout, { supersededBy: null, act: null, release: null }).previous,
  }
  const judged = COMMANDS.map((type) => {
    const decision = decideCommand({ type, reason: 'a reason', seen: null }, situation)
    const allowed = decision.type === 'accepted'
    return [type, { allowed, because: allowed ? '' : decision.message }] as const
  })
  return Object.fromEntries(judged) as RolloutView['may']
}

function approvalViews(record: ModelRecord, rollout: RolloutRecord): readonly ApprovalView[] {
  return rollout.approvals.map((approval) => ({
    actor: approval.actor,
    comment: approval.comment,
    at: approval.createdAt.toISOString(),
    expiresAt: approval.expiresAt.toISOString(),
    valid:
      approval.expiresAt > record.readAt &&
      approval.candidateDigest === rollout.digest &&
      approval.baselineDigest === rollout.baselineDigest &&
      approval.policyHash === rollout.policyHash,
  }))
}

/** What is true of the rollout now besides what is recorded of it. */
function factsNow(record: ModelRecord, rollout: RolloutRecord) {
  const facts = rolloutFacts(record, rollout, { supersededBy: null, act: null, release: null })
  const assessed = assessApprovals(deciderRollout(record, rollout), facts)
  const deadlineMs = OPEN.has(rollout.state) ? deadlineOf(deciderRollout(record, rollout), facts) : null
  return {
    approvalsRequired: rollout.kind === 'evidence' ? assessed.required : 0,
    // What was consumed by a promotion counts no more, and is who let it.
    approvedBy: OPEN.has(rollout.state)
      ? assessed.counted
      : [...new Set(rollout.approvals.map(({ actor }) => actor))],
    approvals: approvalViews(record, rollout),
    approvalGroups: assessed.groups.map(({ name, required, counted }) => ({
      name,
      required,
      given: counted,
    })),
    deadlineAt: deadlineMs === null ? null : new Date(deadlineMs).toISOString(),
    frozenUntil: facts.frozenUntilMs === null ? null : new Date(facts.frozenUntilMs).toISOString(),
  }
}

export function rolloutView(
  record: ModelRecord,
  rollout: RolloutRecord,
  examples: readonly PairExampleView[] = [],
): RolloutView {
  const analysis = analysisOf(record, rollout)
  const { number, digest, baselineNumber, baselineDigest } = rollout
  return {
    id: rollout.id,
    model: record.name,
    kind: rollout.kind,
    candidate: { number, digest },
    baseline:
      baselineNumber === null || baselineDigest === null
        ? null
        : { number: baselineNumber, digest: baselineDigest },
    state: rollout.state,
    step: rollout.step,
    pauseReason: rollout.pauseReason,
    reason: OPEN.has(rollout.state) ? null : (rollout.summary ?? rollout.reason),
    verdict: rollout.verdict,
    startedAt: rollout.startedAt.toISOString(),
    endedAt: rollout.endedAt?.toISOString() ?? null,
    commit: commitView(record, number),
    steps: stepViews(record, rollout, analysis),
    analysis: analysis ? analysisView(record, rollout, analysis) : null,
    seen: { rolloutId: rollout.id, candidateDigest: digest, baselineDigest, policyHash: rollout.policyHash },
    canaryPercent: canaryPercent(record, rollout),
    canaryWeights: rollout.kind === 'evidence' ? record.config.rollout.canary : [],
    bakeSeconds: rollout.kind === 'evidence' ? Math.round(record.config.rollout.bake / 1_000) : 0,
    promotedNow: rollout.promotedNow && { ...rollout.promotedNow, at: rollout.promotedNow.at.toISOString() },
    ...factsNow(record, rollout),
    variant: variantView(record, rollout, analysis),
    examples,
    traceId: traceIdOf(rollout.traceparent),
    may: mayView(record, rollout),
  }
}
