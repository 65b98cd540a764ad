import { PlatformError } from '@understudy/core'
import {
  type CommandDecision,
  type CommandType,
  decideCommand,
  type RolloutCommand,
  type SeenRollout,
} from '@understudy/rollout'
import type { Tx } from '../database.ts'
import { lockPlan } from '../plan/plan-store.ts'
import { loadRecord } from '../record/load-records.ts'
import { type ModelRecord, openRollout, type RolloutRecord, standingOf } from '../record/model-record.ts'
import { analysisOf } from './analysis-of.ts'
import { deciderRollout, previousOf, refOf } from './decider-input.ts'

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

/** What a person's command means for the rollout that it names, under the plan's lock. */
export interface DecidedCommand {
  readonly record: ModelRecord
  readonly rollout: RolloutRecord
  readonly decision: Exclude<CommandDecision, { readonly type: 'refused' }>
}

/** Locks the model and decides a command. @throws PlatformError with the code of the refusal */
export async function decide(
  tx: Tx,
  command: Pick<RolloutCommand, 'fresh'> & { readonly type: CommandType },
  act: DecisionAct,
): Promise<DecidedCommand> {
  const record = await lockRecord(tx, act.model)
  const rollout = meantRollout(record, act)
  const outcome = analysisOf(record, rollout)?.outcome ?? rollout.verdict
  const decision = decideCommand(
    { ...command, reason: act.reason ?? '', seen: act.seen ?? null },
    {
      rollout: deciderRollout(record, rollout),
      candidateStanding: standingOf(record, rollout.digest),
      previous: refOf(previousOf(record)),
      verdict: outcome === 'collecting' ? null : outcome,
    },
  )
  if (decision.type === 'refused') throw new PlatformError(decision.code, decision.message)
  return { record, rollout, decision }
}

const REASON_LENGTH_MIN = 3
const REASON_LENGTH_MAX = 500

/** An act that others must be able to understand says why. @throws PlatformError `rollout.reason_required` */
export function requireReason(reason: string, what: string): void {
  const { length } = reason.trim()
  if (length >= REASON_LENGTH_MIN && length <= REASON_LENGTH_MAX) return
  throw new PlatformError('rollout.reason_required', `Say why you ${what}, in 3 to 500 characters.`)
}
