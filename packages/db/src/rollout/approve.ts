import { randomUUID } from 'node:crypto'
import { type ApprovalAssessment, assessApprovals } from '@understudy/rollout'
import { audit } from '../audit/audit.ts'
import type { Database } from '../database.ts'
import { notifyChange } from '../notify.ts'
import type { ApprovalRecord, ModelRecord, RolloutRecord } from '../record/model-record.ts'
import { requestWork } from '../work/work-queue.ts'
import { type ActOutcome, type DecisionAct, decide } from './acts.ts'
import { analysisOf } from './analysis-of.ts'
import { deciderRollout, rolloutFacts } from './decider-input.ts'
import { judgement } from './record-verdict.ts'

/** Whether an approval of the rollout counts now: given for it, under its hold, neither used nor expired. */
function countsNow(record: ModelRecord, approval: ApprovalRecord): boolean {
  const { hold, readAt } = record
  if (approval.consumedAt !== null || approval.expiresAt <= readAt) return false
  return hold === null || approval.createdAt >= hold.createdAt
}

function newApproval(record: ModelRecord, rollout: RolloutRecord, act: DecisionAct): ApprovalRecord {
  return {
    id: randomUUID(),
    actor: act.actor,
    comment: act.reason ?? null,
    candidateDigest: rollout.digest,
    baselineDigest: rollout.baselineDigest,
    policyHash: rollout.policyHash,
    createdAt: record.readAt,
    expiresAt: new Date(record.readAt.getTime() + record.config.rollout.approval.expires),
    consumedAt: null,
  }
}

/** What the approvals are worth with one more. */
function assessWith(
  record: ModelRecord,
  rollout: RolloutRecord,
  approval: ApprovalRecord,
): ApprovalAssessment {
  const approved = { ...rollout, approvals: [...rollout.approvals, approval] }
  const facts = rolloutFacts(record, approved, { supersededBy: null, act: null, release: null })
  return assessApprovals(deciderRollout(record, approved), facts)
}

/**
 * Records an approval bound to candidate, baseline and policy, with a snapshot of the evidence. Reconcile consumes it. Earlier ones of the
 * same person stay as they were.
 */
export async function approve(database: Database, act: DecisionAct): Promise<ActOutcome> {
  return await database.transaction(async (tx) => {
    const { record, rollout, decision } = await decide(tx, { type: 'approve' }, act)
    const name = `${record.name} v${rollout.number}`
    const own = rollout.approvals.filter((approval) => approval.actor === act.actor)
    if (decision.type === 'done') {
      const sentence = own.length > 0 ? `You approved ${name} already.` : decision.message
      return { changed: false, sentence }
    }
    if (own.some((approval) => countsNow(record, approval)))
      return { changed: false, sentence: `You approved ${name} already.` }
    const approval = newApproval(record, rollout, act)
    const assessment = assessWith(record, rollout, approval)
    const evidence = judgement(record, rollout, analysisOf(record, rollout))
    await tx.approval.create({ data: { ...approval, rolloutId: rollout.id, evidence } })
    await requestWork(tx, 'model', record.name)
    await notifyChange(tx, 'record')
    const { candidateDigest, baselineDigest, policyHash } = approval
    await audit(tx, {
      actor: act.actor,
      action: 'approved',
      model: record.name,
      number: rollout.number,
      sentence: `${act.actor} approved ${name}${localNote(assessment)}`,
      reason: act.reason,
      details: {
        rolloutId: rollout.id,
        ...{ candidateDigest, baselineDigest, policyHash, expiresAt: approval.expiresAt },
        assessment,
      },
    })
    return { changed: true, sentence: `Approved ${name}. ${whatFollows(record, rollout, assessment)}` }
  })
}

function localNote({ sufficedByLocal }: ApprovalAssessment): string {
  return sufficedByLocal ? '; one approval of a local user suffices while there is no login' : ''
}

function whatFollows(record: ModelRecord, rollout: RolloutRecord, assessment: ApprovalAssessment): string {
  if (assessment.suffices) {
    const [first] = record.config.rollout.canary
    const canary = rollout.kind === 'evidence' && rollout.weightIndex === null && first !== undefined
    return canary
      ? `Its canary begins: ${first} % of requests.`
      : 'It goes live as soon as every node is ready.'
  }
  const missing = assessment.groups
    .filter((group) => group.counted < group.required)
    .map((group) => `${group.required - group.counted} of ${group.name}`)
  const self = assessment.selfApproval === null ? '' : ' You pushed it, so yours does not count.'
  const unverified = assessment.unverifiedPusher
    ? ' Nobody is proved to have pushed it, so two people approve.'
    : ''
  const groups = missing.length > 0 ? `; still missing: ${missing.join(', ')}` : ''
  return `${assessment.counted.length} of ${assessment.required} approvals count${groups}.${self}${unverified}`
}
