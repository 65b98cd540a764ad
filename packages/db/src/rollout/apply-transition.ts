import { PlatformError } from '@understudy/core'
import { type Analysis, isOpen, type RolloutTransition, standingAfter } from '@understudy/rollout'
import type { AuditEntry } from '../audit/audit.ts'
import type { Tx } from '../database.ts'
import { aspiredWith } from '../labels/user-labels.ts'
import { notifyTransition } from '../outbox/notify-transition.ts'
import { setAspired } from '../plan/plan-store.ts'
import type { ModelRecord, RolloutRecord, StepRecord } from '../record/model-record.ts'
import { previousOf } from './decider-input.ts'
import { promoteCandidate, restoreLive } from './move-live.ts'
import { recordVerdict } from './record-verdict.ts'
import { setStanding } from './standing.ts'

export interface AppliedBy {
  /** Who moved it: `controller`, or the person whose act it was. */
  readonly actor: string
  readonly reason?: string | undefined
  /** What was judged; stored with a verdict. */
  readonly analysis: Analysis | null
}

interface Subject {
  readonly record: ModelRecord
  readonly rollout: RolloutRecord
}

/** Causes that begin their step anew: the time for collecting starts again. */
const RESTARTS: ReadonlySet<RolloutTransition['cause']> = new Set(['retried', 'resumed', 'nextWeight'])

/** The steps gone through, with their times; each canary weight is one. */
function nextSteps({ record, rollout }: Subject, transition: RolloutTransition): StepRecord[] {
  const { to, cause } = transition
  const now = record.readAt.toISOString()
  const { steps } = rollout
  const last = steps.at(-1)
  if (isOpen(to) && !RESTARTS.has(cause) && last?.step === to.step && last.endedAt === null) return [...steps]
  const closed = steps.map((entry) => (entry.endedAt === null ? { ...entry, endedAt: now } : entry))
  if (!isOpen(to)) return closed
  const weight = to.step === 'canary' ? record.config.rollout.canary[to.weightIndex ?? 0] : undefined
  return [
    ...closed,
    { step: to.step, startedAt: now, endedAt: null, ...(weight === undefined ? {} : { weight }) },
  ]
}

/** Moves `live` where the transition does. Null: it stays. */
async function moveLive(
  tx: Tx,
  { record, rollout }: Subject,
  transition: RolloutTransition,
  by: AppliedBy,
): Promise<number | null> {
  if (transition.effect === null) return null
  if (transition.effect === 'promote') return await promoteCandidate(tx, record, rollout)
  const restored = previousOf(record)
  if (!restored) {
    throw new PlatformError(
      'rollout.no_previous',
      `${record.name} has no version to go back to from v${rollout.number}.`,
    )
  }
  const movedBy = { actor: by.actor, reason: by.reason ?? transition.detail, rolloutId: rollout.id }
  return await restoreLive(tx, record, restored, movedBy)
}

function insisted({ record }: Subject, { cause }: RolloutTransition, by: AppliedBy) {
  return cause === 'promotedNow'
    ? { promotedNowBy: by.actor, promotedNowReason: by.reason ?? '', promotedNowAt: record.readAt }
    : {}
}

/**
 * Carries out one decided transition with everything that belongs to it, and returns what to audit, last in the transaction.
 *
 * REQUIRES: the plan's lock, and the record read under it; the transition was decided from that record.
 */
export async function applyTransition(
  tx: Tx,
  subject: Subject,
  transition: RolloutTransition,
  by: AppliedBy,
): Promise<AuditEntry> {
  const { record, rollout } = subject
  const { to, cause } = transition
  const open = isOpen(to)
  const summary = await recordVerdict(tx, subject, by.analysis)
  const generation = await moveLive(tx, subject, transition, by)
  const verdict = by.analysis && by.analysis.outcome !== 'collecting' ? by.analysis.outcome : rollout.verdict
  await tx.rollout.update({
    where: { id: rollout.id },
    data: {
      state: to.state,
      step: to.step,
      weightIndex: to.weightIndex,
      pauseReason: to.state === 'paused' ? to.reason : null,
      reason: to.state === 'paused' ? null : to.reason,
      // Why a person paused it says more than the verdict of before.
      summary: summary ?? (open && cause !== 'paused' ? rollout.summary : transition.detail),
      verdict: cause === 'retried' ? null : verdict,
      stepStartedAt: record.readAt,
      steps: JSON.parse(JSON.stringify(nextSteps(subject, transition))),
      endedAt: open ? null : record.readAt,
      ...insisted(subject, transition, by),
    },
  })
  if (!open) await endRollout(tx, subject, transition, by)
  await notifyTransition(tx, subject, transition)
  return entryOf(subject, transition, { ...by, generation, verdict })
}

interface Applied extends AppliedBy {
  readonly generation: number | null
  readonly verdict: string | null
}

function entryOf({ record, rollout }: Subject, transition: RolloutTransition, applied: Applied): AuditEntry {
  const { to, cause, effect } = transition
  const moved = effect === 'promote' ? 'promoted' : effect === 'rollBack' ? 'rolledBack' : null
  return {
    actor: applied.actor,
    action: moved ?? `rollout.${isOpen(to) ? cause : to.state}`,
    model: record.name,
    number: rollout.number,
    sentence: `${record.name}: ${transition.detail}`,
    reason: applied.reason,
    details: {
      rolloutId: rollout.id,
      digest: rollout.digest,
      from: { state: rollout.state, step: rollout.step },
      to,
      generation: applied.generation,
      verdict: applied.verdict,
      promotedNow: rollout.promotedNow,
      approvals: rollout.approvals.map(({ actor, candidateDigest, policyHash, expiresAt }) => ({
        actor,
        candidateDigest,
        policyHash,
        expiresAt,
      })),
    },
  }
}

async function endRollout(
  tx: Tx,
  { record, rollout }: Subject,
  transition: RolloutTransition,
  by: AppliedBy,
): Promise<void> {
  const standing = standingAfter(rollout.kind, transition.to)
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
  // Where `live` moved, what nodes hold moved with it.
  if (transition.effect === null) {
    await setAspired(tx, record.name, aspiredWith(record, null))
  }
}
