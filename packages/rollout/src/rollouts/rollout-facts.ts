import type { RolloutKind, Standing } from '@understudy/core'
import type { Analysis } from '../analysis/analysis.ts'
import type { VersionRef } from '../wish/wish.ts'
import type { RolloutPosition } from './rollout-position.ts'

/** What is recorded of a rollout and changes only by a transition. */
export interface RolloutRecord {
  readonly model: string
  readonly kind: RolloutKind
  readonly position: RolloutPosition
  /** When the position was entered. */
  readonly sinceMs: number
  readonly candidate: VersionRef
  /** What was live when it began; null for a first version. */
  readonly baseline: VersionRef | null
  readonly policyHash: string
}

/** What one joined node reports of the candidate. */
export interface NodeReport {
  readonly node: string
  readonly joinedAtMs: number
  /** `error`: after all its attempts. */
  readonly state: 'pending' | 'available' | 'error'
  /** The reason of an error, for people. */
  readonly detail: string | null
}

/** What an accepted person's act asks for. An approval is a fact of its own. */
export interface PersonsAct {
  readonly type: 'reject' | 'abort' | 'retry'
  readonly actor: string
  readonly reason: string
}

export interface RolloutLimits {
  /** For loading and warming on a node. */
  readonly prepareTimeoutMs: number
  /** For a lagging node while promoting. */
  readonly promoteTimeoutMs: number
  /** For a person's decision. */
  readonly decisionTimeoutMs: number
}

export const DEFAULT_LIMITS: RolloutLimits = {
  prepareTimeoutMs: 600_000,
  promoteTimeoutMs: 60_000,
  decisionTimeoutMs: 7 * 86_400_000,
}

/** What is true now. */
export interface RolloutFacts {
  readonly nowMs: number
  readonly live: VersionRef | null
  readonly policyHash: string
  readonly candidateAtTip: boolean
  readonly candidateStanding: Standing
  /** The number of the newer validated wish; null when the candidate is still the wish. */
  readonly supersededBy: number | null
  /** When an operator's hold began; null when there is none. */
  readonly heldSinceMs: number | null
  /** Joined nodes only: one without a lease blocks nothing. */
  readonly nodes: readonly NodeReport[]
  /** Null until the first pair could have been counted. */
  readonly analysis: Analysis | null
  /** Approvals bound to this candidate, baseline and policy, not consumed. */
  readonly approvals: { readonly required: number; readonly givenAtMs: readonly number[] }
  /** An accepted act that has not been carried out yet. */
  readonly act: PersonsAct | null
  readonly limits: RolloutLimits
}
