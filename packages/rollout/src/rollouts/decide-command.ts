import type { ErrorCode, Standing, VerdictOutcome } from '@understudy/core'
import { formatVersion } from '../text/format.ts'
import type { RolloutRecord } from './rollout-facts.ts'
import { phaseOf, type RolloutPhase } from './rollout-position.ts'

const REASON_LENGTH_MIN = 3
const REASON_LENGTH_MAX = 500

/** What a person may do about a rollout. */
export const COMMANDS = ['approve', 'reject', 'retry', 'abort', 'pause', 'resume', 'promoteNow'] as const
export type CommandType = (typeof COMMANDS)[number]

/** What the person had before their eyes. */
export interface SeenRollout {
  readonly candidateDigest: string
  readonly baselineDigest: string | null
  readonly policyHash: string
}

export interface RolloutCommand {
  readonly type: CommandType
  /** 3 to 500 characters where required: reject, abort, pause, promoteNow and a fresh retry. */
  readonly reason: string
  /** Of a retry: with evidence of its own, as another attempt that is judged more strictly. */
  readonly fresh?: boolean
  /** Null when nothing was looked at, as by CLI: then it means what is open now. */
  readonly seen: SeenRollout | null
}

/** The open rollout, else the last that ended. */
export interface CommandSituation {
  readonly rollout: RolloutRecord
  readonly candidateStanding: Standing
  /** The verdict of its evidence so far; null while there is none. */
  readonly verdict: VerdictOutcome | null
}

/**
 * `approval` and `act` become facts of the open rollout; `request` asks for a new rollout of the same version on the same series,
 * `freshRequest` on a new one (attempt + 1), `rehearsal` for a shadow without promotion. `rollBack` is the rollback of a live version.
 * `done` is success: the state that the command asks for was reached before.
 */
export type CommandDecision =
  | {
      readonly type: 'accepted'
      readonly as: 'approval' | 'act' | 'request' | 'freshRequest' | 'rehearsal' | 'rollBack'
    }
  | { readonly type: 'done'; readonly message: string }
  | { readonly type: 'refused'; readonly code: ErrorCode; readonly message: string }

/** Says whether a person's command is accepted, was carried out already, or is refused and why. Changes nothing itself. */
export function decideCommand(command: RolloutCommand, situation: CommandSituation): CommandDecision {
  const { rollout } = situation
  if (command.seen && !matches(command.seen, rollout)) {
    return refused(
      'rollout.stale_decision',
      `Nothing was done: the rollout of ${rollout.model} changed since you looked.`,
    )
  }
  const decision = RULES[command.type](phaseOf(rollout.position), situation)
  const needsReason = command.type === 'reject' || command.type === 'abort'
  return decision.type === 'accepted' && needsReason && !isReason(command.reason)
    ? refused('rollout.reason_required', `Say why you ${command.type} it, in 3 to 500 characters.`)
    : decision
}

type Rule = (phase: RolloutPhase, situation: CommandSituation) => CommandDecision

const RULES = {
  approve: decideApprove,
  reject: decideReject,
  retry: decideRetry,
  abort: decideAbort,
} as const satisfies Record<CommandType, Rule>

function decideApprove(phase: RolloutPhase, { rollout }: CommandSituation): CommandDecision {
  const candidate = formatVersion(rollout.candidate.number)
  switch (phase) {
    case 'pausedApproval':
    case 'pausedHeld':
      return { type: 'accepted', as: 'approval' }
    case 'promoting':
    case 'pausedNodesLagging':
      return done(`${candidate} is being promoted. Your approval was not needed.`)
    case 'succeeded':
      return done(`${candidate} is live. Your approval was not needed.`)
    case 'preparing':
    case 'shadow':
      return refused(
        'rollout.no_verdict',
        `${candidate} has no verdict yet: it can be approved when it passed.`,
      )
    case 'pausedInconclusive':
    case 'pausedNoData':
      return refused('rollout.no_verdict', `${candidate} has no pass: retry to collect more, or reject it.`)
    default:
      return notOpen(rollout)
  }
}

function decideReject(phase: RolloutPhase, { rollout }: CommandSituation): CommandDecision {
  const candidate = formatVersion(rollout.candidate.number)
  if (rollout.position.state === 'failed' && rollout.position.reason === 'rejected') {
    return done(`${candidate} is rejected already.`)
  }
  if (phase === 'promoting' || phase === 'pausedNodesLagging') {
    return refused('rollout.stale_decision', `${candidate} is being promoted: abort it instead.`)
  }
  return isEnded(phase) ? notOpen(rollout) : { type: 'accepted', as: 'act' }
}

function decideAbort(phase: RolloutPhase, { rollout }: CommandSituation): CommandDecision {
  if (rollout.position.state === 'aborted') {
    return done(`The rollout of ${formatVersion(rollout.candidate.number)} is aborted already.`)
  }
  return isEnded(phase) ? notOpen(rollout) : { type: 'accepted', as: 'act' }
}

function decideRetry(phase: RolloutPhase, situation: CommandSituation): CommandDecision {
  const { rollout, candidateStanding } = situation
  const { position } = rollout
  const candidate = formatVersion(rollout.candidate.number)
  if (phase === 'pausedInconclusive' || phase === 'pausedNoData') return { type: 'accepted', as: 'act' }
  if (!isEnded(phase)) return done(`${candidate} is being tried.`)
  if (candidateStanding === 'withdrawn') {
    return refused('rollout.withdrawn', `${candidate} is withdrawn: lift it first.`)
  }
  if (candidateStanding === 'proven') return done(`${candidate} went live.`)
  const byEvidence =
    position.state === 'failed' && position.reason !== 'load' && position.reason !== 'rejected'
  return byEvidence
    ? refused('rollout.retry_refused', `The evidence speaks against ${candidate}: push a better version.`)
    : { type: 'accepted', as: 'request' }
}

function matches(seen: SeenRollout, { candidate, baseline, policyHash }: RolloutRecord): boolean {
  return (
    seen.candidateDigest === candidate.digest &&
    seen.baselineDigest === (baseline?.digest ?? null) &&
    seen.policyHash === policyHash
  )
}

function isReason(text: string): boolean {
  const { length } = text.trim()
  return length >= REASON_LENGTH_MIN && length <= REASON_LENGTH_MAX
}

function isEnded(phase: RolloutPhase): boolean {
  return phase === 'succeeded' || phase === 'failed' || phase === 'aborted'
}

function notOpen({ model, candidate, position }: RolloutRecord): CommandDecision {
  const how = position.reason === null ? position.state : `${position.state} (${position.reason})`
  return refused(
    'rollout.not_open',
    `No rollout of ${model} is open: that of ${formatVersion(candidate.number)} ended ${how}.`,
  )
}

function done(message: string): CommandDecision {
  return { type: 'done', message }
}

function refused(code: ErrorCode, message: string): CommandDecision {
  return { type: 'refused', code, message }
}
