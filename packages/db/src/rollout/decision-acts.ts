import { shortDigest } from '@understudy/core'
import { type CommandType, decideRollout, type RolloutTransition } from '@understudy/rollout'
import { audit } from '../audit/audit.ts'
import type { Database, Tx } from '../database.ts'
import { notifyChange } from '../notify.ts'
import type { ModelRecord, RequestedAs, RolloutRecord } from '../record/model-record.ts'
import { requestWork } from '../work/work-queue.ts'
import { type ActOutcome, type DecidedCommand, type DecisionAct, decide } from './acts.ts'
import { applyTransition } from './apply-transition.ts'
import { deciderRollout, previousOf, rolloutFacts } from './decider-input.ts'
import { requestRollout } from './request-rollout.ts'
import { rollBackLive } from './rollback.ts'

export interface ReasonedAct extends DecisionAct {
  readonly reason: string
}

/** Ends the open rollout as failed, by a person, at once. */
export function reject(database: Database, act: ReasonedAct): Promise<ActOutcome> {
  return decisionAct(database, 'reject', act)
}

/** Ends the open rollout. A candidate that has answered clients is withdrawn, and in bake the version before answers again. */
export function abort(database: Database, act: ReasonedAct): Promise<ActOutcome> {
  return decisionAct(database, 'abort', act)
}

/** Stops the open rollout where it stands: nothing is mirrored, and clients are answered by what is live. */
export function pause(database: Database, act: DecisionAct): Promise<ActOutcome> {
  return decisionAct(database, 'pause', act)
}

/** Lets a rollout that a person paused go on where it was. */
export function resume(database: Database, act: DecisionAct): Promise<ActOutcome> {
  return decisionAct(database, 'resume', act)
}

/** Lets a version without a verdict go live. Actor and reason are recorded with the rollout and its promotion. */
export function promoteNow(database: Database, act: ReasonedAct): Promise<ActOutcome> {
  return decisionAct(database, 'promoteNow', act)
}

export interface RetryAct extends DecisionAct {
  /** With evidence of its own, as another attempt that is judged more strictly. */
  readonly fresh?: boolean | undefined
}

/** Lets a paused rollout go on, or asks for a new one of a version that did not make it, on the same evidence unless it is `fresh`. */
export function retry(database: Database, act: RetryAct): Promise<ActOutcome> {
  return decisionAct(database, 'retry', act)
}

const REQUESTS = { request: null, freshRequest: 'fresh', rehearsal: 'rehearsal' } as const satisfies Record<
  'request' | 'freshRequest' | 'rehearsal',
  RequestedAs | null
>

async function decisionAct(
  database: Database,
  type: Exclude<CommandType, 'approve'>,
  act: RetryAct,
): Promise<ActOutcome> {
  return await database.transaction(async (tx) => {
    const decided = await decide(tx, { type, ...(act.fresh ? { fresh: true } : {}) }, act)
    const { record, rollout, decision } = decided
    if (decision.type === 'done') return { changed: false, sentence: decision.message }
    switch (decision.as) {
      case 'rollBack':
        return await rollBackLive(tx, record, {
          ...{ model: act.model, actor: act.actor },
          reason: act.reason ?? '',
        })
      case 'request':
      case 'freshRequest':
      case 'rehearsal':
        return await requestRollout(tx, record, {
          ...{ number: rollout.number, as: REQUESTS[decision.as] },
          ...{ actor: act.actor, reason: act.reason },
        })
      default:
        return await carryOut(tx, decided, type, act)
    }
  })
}

/** The act becomes a fact of the open rollout, and what is decided from it is carried out in the same transaction. */
async function carryOut(
  tx: Tx,
  { record, rollout }: DecidedCommand,
  type: CommandType,
  act: DecisionAct,
): Promise<ActOutcome> {
  const person = type === 'approve' ? null : { type, actor: act.actor, reason: act.reason ?? '' }
  const facts = rolloutFacts(record, rollout, { supersededBy: null, act: person, release: null })
  const transition = decideRollout(deciderRollout(record, rollout), facts)
  if (!transition) return { changed: false, sentence: `${record.name} v${rollout.number} is being tried.` }
  const entry = await applyTransition(tx, { record, rollout }, transition, {
    actor: act.actor,
    reason: act.reason,
    analysis: null,
  })
  await requestWork(tx, 'model', record.name)
  await notifyChange(tx, 'plan')
  await audit(tx, entry)
  return { changed: true, sentence: sentenceOf(record, rollout, transition) }
}

function sentenceOf(record: ModelRecord, rollout: RolloutRecord, transition: RolloutTransition): string {
  const name = `${record.name} v${rollout.number}`
  const stays = record.live === null ? 'nothing is live' : `v${record.live} stays live`
  switch (transition.cause) {
    case 'rejected':
      return `Rejected ${name}; ${stays}.`
    case 'aborted':
      return `Aborted the rollout of ${name}; ${stays}.`
    case 'rolledBack':
      return `${record.name} is back on v${previousOf(record)?.number}. v${rollout.number} (${shortDigest(rollout.digest)}) is withdrawn.`
    case 'paused':
      return `Paused ${name}; ${stays}. \`understudy resume ${record.name}\` lets it go on.`
    case 'resumed':
      return `${name} goes on.`
    case 'retried':
      return rollout.weightIndex === null
        ? `The shadow of ${name} goes on.`
        : `The canary of ${name} goes on.`
    case 'promotedNow':
      return `${name} goes live as soon as every node is ready, without its verdict.`
    default:
      return `${record.name}: ${transition.detail}.`
  }
}
