import { PlatformError } from '@understudy/core'
import {
  carryDrift,
  decideRollout,
  decideWish,
  type RolloutTransition,
  type WishDecision,
} from '@understudy/rollout'
import { type AuditEntry, audit } from '../audit/audit.ts'
import type { Tx } from '../database.ts'
import { alignLabels } from '../labels/align-labels.ts'
import { notifyChange } from '../notify.ts'
import { type ModelRecord, type RolloutRecord, versionOf } from '../record/model-record.ts'
import { requestWork } from '../work/work-queue.ts'
import { applyTransition } from './apply-transition.ts'
import { deciderRollout, wishInput } from './decider-input.ts'
import { settlePointer } from './move-live.ts'
import { lockRelease, type Member, memberFacts, type Release } from './release.ts'
import { startRollout } from './start-rollout.ts'

/** What one look did. */
export interface ReconcileStep {
  /** Something was carried out: look again at once. */
  readonly progressed: boolean
  /** What was done, for logs and spans. */
  readonly did: string | null
  /** A rollout is open, or a label waits: look again soon, even without a hint. */
  readonly open: boolean
  readonly traceparent: string | null
}

async function recordDrift(tx: Tx, record: ModelRecord, decision: WishDecision): Promise<boolean> {
  const before = record.drift
  const after = carryDrift(
    before ? { sinceMs: before.since.getTime() } : null,
    decision.drift,
    record.readAt.getTime(),
  )
  if (before?.reason === after?.reason && before?.detail === after?.detail) return false
  await tx.model.update({
    where: { name: record.name },
    data: {
      driftReason: after?.reason ?? null,
      driftDetail: after?.detail ?? null,
      driftSince: after ? new Date(after.sinceMs) : null,
    },
  })
  return true
}

/** Carries out what was decided of a rollout. Its audit entry is given back: it comes last in the transaction. */
async function move(
  tx: Tx,
  release: Release,
  member: Member & { readonly rollout: RolloutRecord },
): Promise<{ readonly transition: RolloutTransition; readonly entry: AuditEntry } | null> {
  const { record, rollout } = member
  const facts = memberFacts(release, member, rollout)
  const transition = decideRollout(deciderRollout(record, rollout), facts)
  if (!transition) return null
  const by = { actor: 'controller', analysis: facts.analysis }
  return { transition, entry: await applyTransition(tx, { record, rollout }, transition, by) }
}

/** The other members of a release whose first one has just been promoted: none is left behind. */
async function moveOthers(tx: Tx, release: Release, model: string): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = []
  for (const { rollout, ...member } of release.members) {
    if (member.record.name === model || rollout === null || !member.ready) continue
    const moved = await move(tx, release, { ...member, rollout })
    if (moved) entries.push(moved.entry)
    await requestWork(tx, 'model', member.record.name)
  }
  return entries
}

/**
 * Looks at one model once, decides, and carries out at most one step, in the transaction it is given. Only models of a release go live
 * together: then it is the same step of each.
 *
 * Every writer of a model's plan, rollout, hold and standings takes the plan's lock first, so that what was read stays true
 * until the step is committed. Repeating it on its own result does nothing.
 * @throws PlatformError `control.not_found`
 */
export async function reconcileModelOnce(tx: Tx, name: string): Promise<ReconcileStep> {
  const release = await lockRelease(tx, name)
  const member = release.members.find((one) => one.record.name === name)
  if (!member) throw new PlatformError('control.not_found', `There is no model ${name}.`)
  const { record, rollout } = member
  const wish = decideWish(wishInput(record))
  const driftChanged = await recordDrift(tx, record, wish)
  if (wish.settles) await settlePointer(tx, record)
  if (rollout) {
    const moved = await move(tx, release, { ...member, rollout })
    if (moved) {
      const { transition, entry } = moved
      const others = transition.effect === 'promote' ? await moveOthers(tx, release, name) : []
      await notifyChange(tx, 'plan')
      for (const one of [entry, ...others]) await audit(tx, one)
      return { progressed: true, did: transition.cause, open: true, traceparent: rollout.traceparent }
    }
  } else if (wish.act.type === 'start') {
    const entry = await startRollout(tx, record, wish.act)
    await notifyChange(tx, 'plan')
    await audit(tx, entry)
    const traceparent = versionOf(record, wish.act.number)?.traceparent ?? null
    return { progressed: true, did: 'started', open: true, traceparent }
  }
  const labels = await alignLabels(tx, record)
  if (labels.did !== null) await notifyChange(tx, 'plan')
  if (driftChanged) await notifyChange(tx, 'record')
  if (labels.entry !== null) await audit(tx, labels.entry)
  return {
    progressed: labels.did !== null,
    did: labels.did,
    open: rollout !== null || labels.waits,
    traceparent: rollout?.traceparent ?? null,
  }
}
