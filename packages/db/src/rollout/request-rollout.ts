import { audit } from '../audit/audit.ts'
import type { Tx } from '../database.ts'
import { notifyChange } from '../notify.ts'
import type { ModelRecord, RequestedAs } from '../record/model-record.ts'
import { requestWork } from '../work/work-queue.ts'
import type { ActOutcome } from './acts.ts'

export interface RolloutAsked {
  readonly number: number
  /** Null: as the policy says. */
  readonly as: RequestedAs | null
  readonly actor: string
  readonly reason?: string | undefined
}

const ASKED = {
  plain: { asked: 'to be tried', answer: 'is tried now' },
  fresh: { asked: 'to be tried again with fresh evidence', answer: 'is tried again with fresh evidence' },
  rehearsal: { asked: 'to be rehearsed', answer: 'is rehearsed: compared with live, and not promoted' },
} as const satisfies Record<'plain' | RequestedAs, { readonly asked: string; readonly answer: string }>

/** Asks for a rollout of a version, in the transaction it is given; the next look starts it. */
export async function requestRollout(tx: Tx, record: ModelRecord, asked: RolloutAsked): Promise<ActOutcome> {
  const name = `${record.name} v${asked.number}`
  if (record.requested === asked.number && record.requestedAs === asked.as)
    return { changed: false, sentence: `${name} waits to be tried already.` }
  const data = { requestedNumber: asked.number, requestedAs: asked.as }
  await tx.model.update({ where: { name: record.name }, data })
  await requestWork(tx, 'model', record.name)
  await notifyChange(tx, 'record')
  const words = ASKED[asked.as ?? 'plain']
  await audit(tx, {
    actor: asked.actor,
    action: 'rollout.requested',
    model: record.name,
    number: asked.number,
    sentence: `${asked.actor} asked for ${name} ${words.asked}`,
    reason: asked.reason,
    details: { as: asked.as },
  })
  return {
    changed: true,
    sentence: `${name} ${words.answer}. \`understudy why ${record.name}\` says what it waits for.`,
  }
}
