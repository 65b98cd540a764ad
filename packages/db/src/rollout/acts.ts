import { randomUUID } from 'node:crypto'
import { PlatformError, shortDigest } from '@understudy/core'
import {
  applyMove,
  type CommandType,
  decideCommand,
  decideRollout,
  type SeenRollout,
} from '@understudy/rollout'
import { audit } from '../audit/audit.ts'
import type { Database, Tx } from '../database.ts'
import { notifyChange } from '../notify.ts'
import { lockPlan } from '../plan/plan-store.ts'
import { loadRecord } from '../record/load-records.ts'
import { type ModelRecord, openRollout, type RolloutRecord, standingOf } from '../record/model-record.ts'
import { requestWork } from '../work/work-queue.ts'
import { applyTransition } from './apply-transition.ts'
import { analysisOf, deciderRollout, rolloutFacts } from './decider-input.ts'
import { setStanding } from './standing.ts'

/** What an act did: the same act twice is a success that changed nothing, and says so. */
export interface ActOutcome {
  readonly changed: boolean
  readonly sentence: string
}

export interface DecisionAct {
  readonly model: string
  /** The version meant; undefined: the one in rollout. */
  readonly version?: number | undefined
  readonly seen?: (SeenRollout & { readonly rolloutId: string }) | undefined
  /** Reason, or comment where none is required. */
  readonly reason?: string | undefined
  readonly actor: string
}

const APPROVAL_LASTS_MS = 7 * 86_400_000

/** Locks a model against every other writer and reads its record. */
export async function lockRecord(tx: Tx, model: string): Promise<ModelRecord> {
  const known = await tx.model.findUnique({ where: { name: model }, select: { name: true } })
  if (!known)
    throw new PlatformError(
      'control.not_found',
      `There is no model ${model}. \`understudy status\` lists them.`,
    )
  await lockPlan(tx, model)
  const record = await loadRecord(tx, model)
  if (!record) throw new PlatformError('control.not_found', `There is no model ${model}.`)
  return record
}

/** The rollout that an act means: of the version named, the open or newest one. */
function meantRollout(record: ModelRecord, act: DecisionAct): RolloutRecord {
  const { seen, version } = act
  const rollout = seen
    ? record.rollouts.find((row) => row.id === seen.rolloutId)
    : version === undefined
      ? (openRollout(record) ?? record.rollouts[0])
      : record.rollouts.find((row) => row.number === version)
  if (rollout) return rollout
  const what = version === undefined ? '' : ` of v${version}`
  throw new PlatformError(
    'rollout.not_found',
    `There is no rollout${what} of ${record.name}. \`understudy status ${record.name}\` shows what there is.`,
  )
}

async function decide(tx: Tx, type: CommandType, act: DecisionAct) {
  const record = await lockRecord(tx, act.model)
  const rollout = meantRollout(record, act)
  const decision = decideCommand(
    { type, reason: act.reason ?? '', seen: act.seen ?? null },
    { rollout: deciderRollout(record, rollout), candidateStanding: standingOf(record, rollout.digest) },
  )
  if (decision.type === 'refused') throw new PlatformError(decision.code, decision.message)
  return { record, rollout, decision }
}

/** Records an approval bound to candidate, baseline and policy, with a snapshot of the evidence. Reconcile consumes it. */
export async function approve(database: Database, act: DecisionAct): Promise<ActOutcome> {
  return await database.transaction(async (tx) => {
    const { record, rollout, decision } = await decide(tx, 'approve', act)
    const name = `${record.name} v${rollout.number}`
    if (decision.type === 'done') {
      const again = rollout.approvals.some((approval) => approval.actor === act.actor)
      return { changed: false, sentence: again ? `You approved ${name} already.` : decision.message }
    }
    const earlier = rollout.approvals.find(
      (approval) => approval.actor === act.actor && approval.consumedAt === null,
    )
    const renews = earlier && record.hold && earlier.createdAt < record.hold.createdAt
    if (earlier && earlier.expiresAt > record.readAt && !renews)
      return { changed: false, sentence: `You approved ${name} already.` }
    const bound = {
      candidateDigest: rollout.digest,
      baselineDigest: rollout.baselineDigest,
      policyHash: rollout.policyHash,
    }
    const facts = {
      ...bound,
      comment: act.reason ?? null,
      evidence: JSON.parse(
        JSON.stringify({ analysis: analysisOf(record, rollout), evidence: rollout.evidence }),
      ),
      createdAt: record.readAt,
      expiresAt: new Date(record.readAt.getTime() + APPROVAL_LASTS_MS),
    }
    await tx.approval.upsert({
      where: { rolloutId_actor: { rolloutId: rollout.id, actor: act.actor } },
      create: { id: randomUUID(), rolloutId: rollout.id, actor: act.actor, ...facts },
      update: facts,
    })
    await requestWork(tx, 'model', record.name)
    await notifyChange(tx, 'record')
    await audit(tx, {
      actor: act.actor,
      action: 'approved',
      model: record.name,
      number: rollout.number,
      sentence: `${act.actor} approved ${name}`,
      reason: act.reason,
      details: { rolloutId: rollout.id, ...bound },
    })
    return { changed: true, sentence: `Approved ${name}. It goes live as soon as every node is ready.` }
  })
}

/** Ends the open rollout as failed, by a person, at once. */
export async function reject(
  database: Database,
  act: DecisionAct & { readonly reason: string },
): Promise<ActOutcome> {
  return await database.transaction(async (tx) => {
    const { record, rollout, decision } = await decide(tx, 'reject', act)
    if (decision.type === 'done') return { changed: false, sentence: decision.message }
    const detail = `${act.actor} rejected v${rollout.number}: ${act.reason}`
    const transition = applyMove(deciderRollout(record, rollout).position, {
      cause: 'failed',
      reason: 'rejected',
      detail,
    })
    const entry = await applyTransition(tx, { record, rollout }, transition, {
      actor: act.actor,
      reason: act.reason,
      analysis: null,
    })
    await requestWork(tx, 'model', record.name)
    await notifyChange(tx, 'plan')
    await audit(tx, entry)
    const stays = record.live === null ? 'nothing is live' : `v${record.live} stays live`
    return { changed: true, sentence: `Rejected ${record.name} v${rollout.number}; ${stays}.` }
  })
}

/** Lets a paused shadow go on, or asks for a new rollout of a version that did not make it. */
export async function retry(database: Database, act: DecisionAct): Promise<ActOutcome> {
  return await database.transaction(async (tx) => {
    const { record, rollout, decision } = await decide(tx, 'retry', act)
    if (decision.type === 'done') return { changed: false, sentence: decision.message }
    const name = `${record.name} v${rollout.number}`
    if (decision.as === 'act') {
      const person = { type: 'retry', actor: act.actor, reason: act.reason ?? '' } as const
      const facts = rolloutFacts(record, rollout, { supersededBy: null, act: person })
      const transition = decideRollout(deciderRollout(record, rollout), facts)
      if (!transition) return { changed: false, sentence: `${name} is being tried.` }
      const entry = await applyTransition(tx, { record, rollout }, transition, {
        actor: act.actor,
        reason: act.reason,
        analysis: null,
      })
      await requestWork(tx, 'model', record.name)
      await notifyChange(tx, 'plan')
      await audit(tx, entry)
      return { changed: true, sentence: `The shadow of ${name} goes on.` }
    }
    if (record.requested === rollout.number)
      return { changed: false, sentence: `${name} waits to be tried already.` }
    await tx.model.update({ where: { name: record.name }, data: { requestedNumber: rollout.number } })
    await requestWork(tx, 'model', record.name)
    await notifyChange(tx, 'record')
    await audit(tx, {
      actor: act.actor,
      action: 'rollout.requested',
      model: record.name,
      number: rollout.number,
      sentence: `${act.actor} asked for ${name} to be tried again`,
      reason: act.reason,
    })
    return { changed: true, sentence: `${name} is tried again.` }
  })
}

export interface LiftAct {
  readonly model: string
  /** The digest, or its first characters. */
  readonly digest: string
  readonly reason: string
  readonly actor: string
}

/** Makes a withdrawn digest `failed`: it may be tried again when someone asks. It starts nothing. */
export async function lift(database: Database, act: LiftAct): Promise<ActOutcome> {
  return await database.transaction(async (tx) => {
    const record = await lockRecord(tx, act.model)
    const found = record.standings.filter((row) => row.digest.startsWith(act.digest))
    const withdrawn = found.filter((row) => row.standing === 'withdrawn')
    const [row] = withdrawn
    if (!row) {
      const [known] = found
      if (known?.standing === 'failed')
        return {
          changed: false,
          sentence: `${shortDigest(known.digest)} of ${record.name} is not withdrawn.`,
        }
      throw new PlatformError(
        'rollout.not_withdrawn',
        `No withdrawn version of ${record.name} has a digest that begins with ${act.digest}.`,
      )
    }
    if (withdrawn.length > 1) {
      throw new PlatformError(
        'control.invalid_input',
        `${act.digest} fits ${withdrawn.length} withdrawn versions of ${record.name}: give more characters.`,
      )
    }
    await setStanding(tx, {
      model: record.name,
      digest: row.digest,
      standing: 'failed',
      reason: `lifted: ${act.reason}`,
      actor: act.actor,
    })
    await requestWork(tx, 'model', record.name)
    await notifyChange(tx, 'record')
    await audit(tx, {
      actor: act.actor,
      action: 'lifted',
      model: record.name,
      sentence: `${act.actor} lifted the withdrawal of ${record.name} ${shortDigest(row.digest)}`,
      reason: act.reason,
      details: { digest: row.digest },
    })
    return {
      changed: true,
      sentence: `Lifted ${shortDigest(row.digest)} of ${record.name}. It is tried again by \`understudy retry\`, not by itself.`,
    }
  })
}
