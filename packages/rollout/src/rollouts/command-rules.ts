import type { ErrorCode } from '@understudy/core'
import type { CommandDecision, CommandSituation, CommandType } from './rollout-command.ts'
import { isOpen, type RolloutPhase } from './rollout-position.ts'
import { mayMove } from './transitions.ts'

/** What a rule looks at. */
export interface RuleInput extends CommandSituation {
  readonly phase: RolloutPhase
  /** The candidate as people say it. */
  readonly candidate: string
  readonly fresh: boolean
}

type Rule = (input: RuleInput) => CommandDecision

/** What each command does in each state: accepted, done before, or refused with what to do instead. */
export const COMMAND_RULES = {
  approve: decideApprove,
  reject: decideReject,
  retry: decideRetry,
  abort: decideAbort,
  pause: decidePause,
  resume: decideResume,
  promoteNow: decidePromoteNow,
} as const satisfies Record<CommandType, Rule>

function decideApprove(input: RuleInput): CommandDecision {
  const { phase, candidate, rollout } = input
  switch (phase) {
    case 'pausedApproval':
    case 'pausedHeld':
      return { type: 'accepted', as: 'approval' }
    case 'canary':
      return done(`${candidate} is in its canary. Your approval was not needed.`)
    case 'promoting':
    case 'pausedFrozen':
    case 'pausedNodesLagging':
      return done(`${candidate} is being promoted. Your approval was not needed.`)
    case 'bake':
    case 'succeeded':
      return done(`${candidate} is live. Your approval was not needed.`)
    case 'preparing':
    case 'shadow':
      return refused(
        'rollout.no_verdict',
        rollout.kind === 'rehearsal'
          ? `${candidate} is rehearsed only: it does not go live, so there is nothing to approve.`
          : `${candidate} has no verdict yet: it can be approved when it passed.`,
      )
    case 'pausedInconclusive':
    case 'pausedNoData':
      return refused(
        'rollout.no_verdict',
        `${candidate} has no pass: retry to collect more, reject it, or promote it now with a reason.`,
      )
    case 'pausedByUser':
      return paused(input)
    default:
      return notOpen(input)
  }
}

function decideReject(input: RuleInput): CommandDecision {
  const { phase, candidate, rollout } = input
  const { position } = rollout
  if (position.state === 'failed' && position.reason === 'rejected') {
    return done(`${candidate} is rejected already.`)
  }
  if (!isOpen(position)) return notOpen(input)
  if (mayMove(position, 'rejected')) return { type: 'accepted', as: 'act' }
  const instead = {
    bake: `${candidate} is live: roll it back instead`,
    canary: `${candidate} answers clients: abort it instead, which withdraws it`,
  } as const
  const message = instead[phase as keyof typeof instead] ?? `${candidate} is being promoted: abort it instead`
  return refused('rollout.stale_decision', `${message}.`)
}

function decideAbort(input: RuleInput): CommandDecision {
  const { phase, candidate, rollout, previous } = input
  const { position } = rollout
  if (position.state === 'aborted') return done(`The rollout of ${candidate} is aborted already.`)
  if (position.state === 'failed' && position.reason === 'rolledBack') {
    return done(`${candidate} was taken off already.`)
  }
  if (!isOpen(position)) return notOpen(input)
  if (phase !== 'bake') return { type: 'accepted', as: 'act' }
  return previous === null
    ? refused('rollout.no_previous', `${candidate} is live and stays: there is no version to go back to.`)
    : { type: 'accepted', as: 'rollBack' }
}

function decideRetry(input: RuleInput): CommandDecision {
  const { candidate, rollout, candidateStanding, fresh } = input
  if (isOpen(rollout.position)) return retryOpen(input)
  if (candidateStanding === 'withdrawn') {
    return refused('rollout.withdrawn', `${candidate} is withdrawn: lift it first.`)
  }
  // By its standing, not by its rollout: what went live may have been taken off since, and lifted.
  if (candidateStanding === 'proven') return done(`${candidate} went live.`)
  if (rollout.kind === 'rehearsal') return { type: 'accepted', as: 'rehearsal' }
  if (fresh) return { type: 'accepted', as: 'freshRequest' }
  return failedByEvidence(input)
    ? refused(
        'rollout.retry_refused',
        `The evidence speaks against ${candidate}: push a better version, or ask for fresh evidence (\`--fresh --reason "why"\`), which is judged more strictly.`,
      )
    : { type: 'accepted', as: 'request' }
}

function retryOpen(input: RuleInput): CommandDecision {
  const { phase, candidate, fresh } = input
  if (phase === 'pausedByUser') return paused(input)
  if (phase === 'bake') return done(`${candidate} is live.`)
  if (fresh) {
    return refused(
      'rollout.retry_refused',
      `${candidate} is being tried: for fresh evidence abort its rollout first, then retry.`,
    )
  }
  return phase === 'pausedInconclusive' || phase === 'pausedNoData'
    ? { type: 'accepted', as: 'act' }
    : done(`${candidate} is being tried.`)
}

const NOT_BY_EVIDENCE: ReadonlySet<string> = new Set(['load', 'rejected', 'rolledBack'])

/** A series that holds a fail goes on failing: collecting more of it is no second chance. */
function failedByEvidence({ rollout: { position }, verdict }: RuleInput): boolean {
  if (verdict === 'fail') return true
  return position.state === 'failed' && !NOT_BY_EVIDENCE.has(position.reason)
}

function decidePause(input: RuleInput): CommandDecision {
  const { phase, candidate, rollout } = input
  if (!isOpen(rollout.position)) return notOpen(input)
  if (phase === 'pausedByUser') return done(`The rollout of ${candidate} is paused already.`)
  return mayMove(rollout.position, 'paused')
    ? { type: 'accepted', as: 'act' }
    : refused('rollout.not_pausable', `${candidate} is live: roll it back, or let its bake come to its end.`)
}

function decideResume(input: RuleInput): CommandDecision {
  const { phase, candidate, rollout } = input
  if (!isOpen(rollout.position)) return notOpen(input)
  return phase === 'pausedByUser'
    ? { type: 'accepted', as: 'act' }
    : done(`Nobody paused the rollout of ${candidate}. \`understudy why\` says what it waits for.`)
}

function decidePromoteNow(input: RuleInput): CommandDecision {
  const { phase, candidate } = input
  switch (phase) {
    case 'pausedInconclusive':
    case 'pausedNoData':
      return { type: 'accepted', as: 'act' }
    case 'promoting':
    case 'pausedFrozen':
    case 'pausedNodesLagging':
      return done(`${candidate} is being promoted.`)
    case 'bake':
    case 'succeeded':
      return done(`${candidate} is live.`)
    case 'pausedByUser':
      return paused(input)
    case 'preparing':
    case 'shadow':
    case 'canary':
    case 'pausedApproval':
    case 'pausedHeld':
      return refused('rollout.not_promotable', `${candidate} ${WHY_NOT_NOW[phase]}.`)
    default:
      return notOpen(input)
  }
}

const WHY_NOT_NOW = {
  preparing: 'is not loaded yet: its shadow comes first',
  shadow:
    'is still compared: it can be promoted without a verdict when its shadow could not decide. Wait for that, or shorten `maxDuration`',
  canary: 'is in its canary and goes live by itself',
  pausedApproval: 'passed: approve it instead',
  pausedHeld: 'is ready and held: approve it instead, which ends the hold',
} as const

function paused({ candidate, rollout: { model } }: RuleInput): CommandDecision {
  return refused(
    'rollout.paused',
    `The rollout of ${candidate} is paused by a person: let it go on first, \`understudy resume ${model}\`.`,
  )
}

function notOpen({ candidate, rollout: { model, position } }: RuleInput): CommandDecision {
  const how = position.reason === null ? position.state : `${position.state} (${position.reason})`
  return refused('rollout.not_open', `No rollout of ${model} is open: that of ${candidate} ended ${how}.`)
}

function done(message: string): CommandDecision {
  return { type: 'done', message }
}

function refused(code: ErrorCode, message: string): CommandDecision {
  return { type: 'refused', code, message }
}
