import { planServing } from '@understudy/core'
import { type Analysis, describeAnalysis, type RolloutTransition, standingAfter } from '@understudy/rollout'
import type { AuditEntry } from '../audit/audit.ts'
import type { Tx } from '../database.ts'
import { notifyTransition } from '../outbox/notify-transition.ts'
import { lockPlan, moveLabels, setAspired } from '../plan/plan-store.ts'
import {
  type ModelRecord,
  type RolloutRecord,
  type StepRecord,
  standingOf,
  type VersionRecord,
  versionOf,
} from '../record/model-record.ts'
import { setStanding } from './standing.ts'

export interface AppliedBy {
  /** Who moved it: `controller`, or the person whose act it was. */
  readonly actor: string
  readonly reason?: string | undefined
  /** What was judged; stored with a verdict. */
  readonly analysis: Analysis | null
}

/** The steps gone through, with their times. `retried` begins its step anew: the time for collecting starts again. */
function nextSteps(steps: readonly StepRecord[], transition: RolloutTransition, at: Date): StepRecord[] {
  const { to, cause } = transition
  const now = at.toISOString()
  const open = to.state === 'progressing' || to.state === 'paused'
  const last = steps.at(-1)
  if (open && cause !== 'retried' && last?.step === to.step && last.endedAt === null) return [...steps]
  const closed = steps.map((entry) => (entry.endedAt === null ? { ...entry, endedAt: now } : entry))
  return open ? [...closed, { step: to.step, startedAt: now, endedAt: null }] : closed
}

/** Stores a verdict with the counters it was made of, and latches a pass on the series. */
async function recordVerdict(
  tx: Tx,
  record: ModelRecord,
  rollout: RolloutRecord,
  analysis: Analysis | null,
): Promise<string | null> {
  if (!analysis || analysis.outcome === 'collecting') return null
  if (rollout.verdict === analysis.outcome) return null
  const contest = { model: record.name, candidate: rollout.number, baseline: rollout.baselineNumber }
  const seq = await tx.verdict.count({ where: { rolloutId: rollout.id } })
  await tx.verdict.create({
    data: {
      rolloutId: rollout.id,
      seq: seq + 1,
      outcome: analysis.outcome,
      analysis: JSON.parse(JSON.stringify({ analysis, evidence: rollout.evidence })),
    },
  })
  if (analysis.outcome === 'pass' && rollout.evidence) {
    await tx.evidenceSeries.update({
      where: { id: rollout.evidence.seriesId },
      data: { passedAt: record.readAt },
    })
  }
  return describeAnalysis(analysis, contest)
}

/**
 * What may come back after a promotion: what was live, unless it was withdrawn meanwhile. Where the new number has the very bytes of the
 * old one, the earlier version stays: rolling back to the same bytes would withdraw what it restores.
 */
function previousAfter(
  record: ModelRecord,
  rollout: RolloutRecord,
  old: VersionRecord | undefined,
  previous: number | null,
): number | null {
  if (old?.digest === rollout.digest) return previous
  return old && standingOf(record, old.digest) !== 'withdrawn' ? old.number : null
}

/** Moves the label, consumes the approvals, ends the hold: everything of a promotion but its audit row. */
async function commitPromotion(tx: Tx, record: ModelRecord, rollout: RolloutRecord): Promise<number> {
  const plan = await lockPlan(tx, record.name)
  const old = versionOf(record, plan.live)
  const approvers = rollout.approvals.map((approval) => approval.actor)
  const generation = await moveLabels(tx, plan, {
    live: rollout.number,
    previous: previousAfter(record, rollout, old, plan.previous),
    candidate: null,
    kind: rollout.kind,
    rolloutId: rollout.id,
    toDigest: rollout.digest,
    actor: approvers.length > 0 ? approvers.join(', ') : 'controller',
    reason: rollout.approvals.at(-1)?.comment ?? null,
  })
  await tx.approval.updateMany({
    where: { rolloutId: rollout.id, consumedAt: null },
    data: { consumedAt: record.readAt },
  })
  await tx.hold.updateMany({
    where: { modelName: record.name, closedAt: null },
    data: { closedAt: record.readAt, closedBy: `promotion of v${rollout.number}` },
  })
  return generation
}

/**
 * Carries out one decided transition with everything that belongs to it, and returns what to audit, last in the transaction.
 *
 * REQUIRES: the plan's lock, and the record read under it; the transition was decided from that record.
 */
export async function applyTransition(
  tx: Tx,
  subject: { readonly record: ModelRecord; readonly rollout: RolloutRecord },
  transition: RolloutTransition,
  by: AppliedBy,
): Promise<AuditEntry> {
  const { record, rollout } = subject
  const { to } = transition
  const open = to.state === 'progressing' || to.state === 'paused'
  const summary = await recordVerdict(tx, record, rollout, by.analysis)
  const generation = transition.cause === 'committed' ? await commitPromotion(tx, record, rollout) : null
  const verdict = by.analysis && by.analysis.outcome !== 'collecting' ? by.analysis.outcome : rollout.verdict
  await tx.rollout.update({
    where: { id: rollout.id },
    data: {
      state: to.state,
      step: to.step,
      pauseReason: to.state === 'paused' ? to.reason : null,
      reason: to.state === 'paused' ? null : to.reason,
      summary: summary ?? (open ? rollout.summary : transition.detail),
      verdict: transition.cause === 'retried' ? null : verdict,
      stepStartedAt: record.readAt,
      steps: JSON.parse(JSON.stringify(nextSteps(rollout.steps, transition, record.readAt))),
      endedAt: open ? null : record.readAt,
    },
  })
  if (!open) await endRollout(tx, subject, transition, by)
  await notifyTransition(tx, subject, transition)
  return {
    actor: by.actor,
    action: transition.cause === 'committed' ? 'promoted' : `rollout.${open ? transition.cause : to.state}`,
    model: record.name,
    number: rollout.number,
    sentence: `${record.name}: ${transition.detail}`,
    reason: by.reason,
    details: {
      rolloutId: rollout.id,
      digest: rollout.digest,
      from: { state: rollout.state, step: rollout.step },
      to,
      generation,
      verdict,
      approvals: rollout.approvals.map(({ actor, candidateDigest, policyHash }) => ({
        actor,
        candidateDigest,
        policyHash,
      })),
    },
  }
}

async function endRollout(
  tx: Tx,
  { record, rollout }: { readonly record: ModelRecord; readonly rollout: RolloutRecord },
  transition: RolloutTransition,
  by: AppliedBy,
): Promise<void> {
  // Nothing here has answered clients: canary and bake come later, and a shadow answers nobody.
  const standing = standingAfter(transition.to, false)
  if (standing !== null) {
    await setStanding(tx, {
      model: record.name,
      digest: rollout.digest,
      standing,
      reason: transition.detail,
      actor: by.actor,
    })
  }
  if (rollout.evidence) {
    await tx.evidenceSeries.update({
      where: { id: rollout.evidence.seriesId },
      data: { closedAt: record.readAt },
    })
  }
  if (transition.cause !== 'committed') {
    await setAspired(
      tx,
      record.name,
      planServing({ live: record.live, previous: record.previous, candidate: null }),
    )
  }
}
