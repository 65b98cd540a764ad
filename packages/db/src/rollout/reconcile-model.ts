import { PlatformError } from '@understudy/core'
import { carryDrift, decideRollout, decideWish, type WishDecision } from '@understudy/rollout'
import { audit } from '../audit/audit.ts'
import type { Tx } from '../database.ts'
import { notifyChange } from '../notify.ts'
import { lockPlan } from '../plan/plan-store.ts'
import { loadRecord } from '../record/load-records.ts'
import { type ModelRecord, openRollout, versionOf } from '../record/model-record.ts'
import { applyTransition } from './apply-transition.ts'
import { deciderRollout, rolloutFacts, wishInput } from './decider-input.ts'
import { startRollout } from './start-rollout.ts'

/** What one look did. */
export interface ReconcileStep {
  /** Something was carried out: look again at once. */
  readonly progressed: boolean
  /** What was done, for logs and spans. */
  readonly did: string | null
  /** A rollout is open: look again soon, even without a hint. */
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

/**
 * Looks at one model once, decides, and carries out at most one step, in the transaction it is given.
 *
 * Every writer of a model's plan, rollout, hold and standings takes the plan's lock first, so that what was read stays true
 * until the step is committed. Repeating it on its own result does nothing.
 * @throws PlatformError `control.not_found`
 */
export async function reconcileModelOnce(tx: Tx, name: string): Promise<ReconcileStep> {
  await lockPlan(tx, name)
  const record = await loadRecord(tx, name)
  if (!record) throw new PlatformError('control.not_found', `There is no model ${name}.`)
  const wish = decideWish(wishInput(record))
  const rollout = openRollout(record)
  const driftChanged = await recordDrift(tx, record, wish)

  if (rollout) {
    const supersededBy = wish.act.type === 'supersede' ? wish.act.number : null
    const facts = rolloutFacts(record, rollout, { supersededBy, act: null, release: null })
    const transition = decideRollout(deciderRollout(record, rollout), facts)
    if (transition) {
      const entry = await applyTransition(tx, { record, rollout }, transition, {
        actor: 'controller',
        analysis: facts.analysis,
      })
      await notifyChange(tx, 'plan')
      await audit(tx, entry)
      return { progressed: true, did: transition.cause, open: true, traceparent: rollout.traceparent }
    }
  } else if (wish.act.type === 'start') {
    const entry = await startRollout(tx, record, wish.act)
    await notifyChange(tx, 'plan')
    await audit(tx, entry)
    return {
      progressed: true,
      did: 'started',
      open: true,
      traceparent: versionOf(record, wish.act.number)?.traceparent ?? null,
    }
  }
  if (driftChanged) await notifyChange(tx, 'record')
  return {
    progressed: false,
    did: null,
    open: rollout !== undefined,
    traceparent: rollout?.traceparent ?? null,
  }
}
