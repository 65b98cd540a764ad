import { PlatformError } from '@understudy/core'
import type { Tx } from '../database.ts'
import { labelledNumbers } from '../labels/user-labels.ts'
import { lockPlan, moveLabels, type PromotionKind } from '../plan/plan-store.ts'
import {
  type ModelRecord,
  type RolloutRecord,
  standingOf,
  type VersionRecord,
  versionOf,
} from '../record/model-record.ts'

/** Who moves `live`, and why. */
export interface MovedBy {
  readonly actor: string
  readonly reason: string | null
  readonly rolloutId: string | null
}

/**
 * What may come back after a promotion: what was live, unless it was withdrawn meanwhile. Where the new number has the very bytes of the
 * old one, the earlier version stays: rolling back to the same bytes would withdraw what it restores.
 */
function previousAfter(
  record: ModelRecord,
  rollout: RolloutRecord,
  plan: { readonly live: number | null; readonly previous: number | null },
): number | null {
  const old = versionOf(record, plan.live)
  if (old?.digest === rollout.digest) return plan.previous
  return old && standingOf(record, old.digest) !== 'withdrawn' ? old.number : null
}

function promotionKind({ id, kind, promotedNow }: RolloutRecord): PromotionKind {
  if (promotedNow !== null) return 'promoteNow'
  if (kind !== 'rehearsal') return kind
  throw new PlatformError('rollout.invalid_transition', `Rollout ${id} is a rehearsal: it promotes nothing.`)
}

/** Approvals that count at this moment: neither used nor expired, and given for what is being promoted. */
function countedApprovals(record: ModelRecord, rollout: RolloutRecord) {
  return rollout.approvals.filter(
    (approval) =>
      approval.consumedAt === null &&
      approval.expiresAt > record.readAt &&
      approval.candidateDigest === rollout.digest &&
      approval.baselineDigest === rollout.baselineDigest &&
      approval.policyHash === rollout.policyHash,
  )
}

function pointedReason({ pointer }: ModelRecord, { number }: RolloutRecord): string | null {
  const isPointed = pointer !== null && !pointer.settled && pointer.live === number
  return isPointed ? `${pointer.file} asks for v${number}` : null
}

/**
 * Records that what the environment file asks for is live, or was overtaken: it starts nothing more until it changes.
 *
 * REQUIRES: the plan's lock.
 */
export async function settlePointer(tx: Tx, record: ModelRecord): Promise<void> {
  await tx.pointer.updateMany({
    where: { modelName: record.name, live: { not: null }, settledAt: null },
    data: { settledAt: record.readAt },
  })
}

/**
 * Moves `live` to the candidate, consumes the approvals, ends the hold, settles the pointer entry: everything of a promotion but its audit row. Returns the new
 * generation.
 *
 * REQUIRES: the plan's lock, and a decision made from the record that was read under it.
 */
export async function promoteCandidate(tx: Tx, record: ModelRecord, rollout: RolloutRecord): Promise<number> {
  const plan = await lockPlan(tx, record.name)
  const approvals = countedApprovals(record, rollout)
  const actors = [...new Set(approvals.map((approval) => approval.actor))]
  const insisted = rollout.promotedNow
  const generation = await moveLabels(tx, plan, {
    live: rollout.number,
    previous: previousAfter(record, rollout, plan),
    candidate: null,
    labelled: labelledNumbers(record),
    kind: promotionKind(rollout),
    rolloutId: rollout.id,
    toDigest: rollout.digest,
    actor: insisted?.actor ?? (actors.length > 0 ? actors.join(', ') : 'controller'),
    reason: insisted?.reason ?? approvals.at(-1)?.comment ?? pointedReason(record, rollout),
  })
  await settlePointer(tx, record)
  await tx.approval.updateMany({
    where: { id: { in: approvals.map((approval) => approval.id) } },
    data: { consumedAt: record.readAt },
  })
  await tx.hold.updateMany({
    where: { modelName: record.name, closedAt: null },
    data: { closedAt: record.readAt, closedBy: `promotion of v${rollout.number}` },
  })
  return generation
}

/**
 * The version that preceded a restored one, if it may still answer; null otherwise. The same bytes under another number are no way
 * back: rolling back to them would withdraw what it restores.
 */
export function precededBy(record: ModelRecord, restored: number): VersionRecord | null {
  const digest = versionOf(record, restored)?.digest
  const seen = new Set<number>()
  let at: number | null = restored
  while (at !== null && !seen.has(at)) {
    seen.add(at)
    const to: number = at
    const promotion = record.promotions.find((row) => row.toNumber === to && row.kind !== 'rollback')
    const earlier = versionOf(record, promotion?.fromNumber ?? null)
    if (!earlier) return null
    if (earlier.digest !== digest) return standingOf(record, earlier.digest) === 'withdrawn' ? null : earlier
    at = earlier.number
  }
  return null
}

/**
 * Lets a warm earlier version answer again: the label and its promotion row, nothing else. Returns the new generation.
 *
 * REQUIRES: the plan's lock, and a record read under it.
 */
export async function restoreLive(
  tx: Tx,
  record: ModelRecord,
  restored: VersionRecord,
  by: MovedBy,
): Promise<number> {
  const plan = await lockPlan(tx, record.name)
  return await moveLabels(tx, plan, {
    live: restored.number,
    previous: precededBy(record, restored.number)?.number ?? null,
    candidate: null,
    labelled: labelledNumbers(record),
    kind: 'rollback',
    rolloutId: by.rolloutId,
    toDigest: restored.digest,
    actor: by.actor,
    reason: by.reason,
  })
}
