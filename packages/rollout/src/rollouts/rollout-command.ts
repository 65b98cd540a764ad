import type { ErrorCode, Standing, VerdictOutcome } from '@understudy/core'
import type { VersionRef } from '../wish/wish.ts'
import type { RolloutRecord } from './rollout-facts.ts'

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
  /** 3 to 500 characters where required: reject, abort, promoteNow and a fresh retry. */
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
  /** Where a rollback leads; null when there is no version that may be gone back to. */
  readonly previous: VersionRef | null
}

/**
 * `approval` and `act` become facts of the open rollout; `request` asks for a new rollout of the same version on the same series,
 * `freshRequest` on a new one (attempt + 1), `rehearsal` for a shadow without promotion. `rollBack` is the rollback of the live version.
 * `done` is success: the state that the command asks for was reached before.
 */
export type CommandDecision =
  | {
      readonly type: 'accepted'
      readonly as: 'approval' | 'act' | 'request' | 'freshRequest' | 'rehearsal' | 'rollBack'
    }
  | { readonly type: 'done'; readonly message: string }
  | { readonly type: 'refused'; readonly code: ErrorCode; readonly message: string }
