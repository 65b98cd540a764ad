import type { RolloutKind, RolloutPolicy, Standing } from '@understudy/core'
import type { Analysis } from '../analysis/analysis.ts'
import type { VersionRef } from '../wish/wish.ts'
import type { RolloutPosition } from './rollout-position.ts'

/** A person let a rollout go live without its verdict. It stands for verdict and approval until the rollout ends. */
export interface PromotedNow {
  readonly actor: string
  readonly reason: string
  readonly atMs: number
}

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
  /** Recorded with the transition whose cause is `promotedNow`; null otherwise. */
  readonly promotedNow: PromotedNow | null
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

/** One person's approval, as recorded and not consumed. The decider judges what it is worth. */
export interface Approval {
  readonly actor: string
  readonly atMs: number
  readonly expiresAtMs: number
  readonly candidateDigest: string
  readonly baselineDigest: string | null
  readonly policyHash: string
}

/** What an accepted person's act asks for. An approval is a fact of its own. */
export interface PersonsAct {
  readonly type: 'reject' | 'abort' | 'retry' | 'pause' | 'resume' | 'promoteNow'
  readonly actor: string
  readonly reason: string
}

/** A group of models that go live together or not at all. */
export interface ReleaseFacts {
  readonly name: string
  /** Members that cannot commit yet, for whatever reason; empty: all commit in one transaction. */
  readonly waitingFor: readonly string[]
}

export interface RolloutLimits {
  /** For loading and warming on a node. */
  readonly prepareTimeoutMs: number
  /** For a lagging node while promoting. */
  readonly promoteTimeoutMs: number
}

export const DEFAULT_LIMITS: RolloutLimits = { prepareTimeoutMs: 600_000, promoteTimeoutMs: 60_000 }

/** What is true now. */
export interface RolloutFacts {
  readonly nowMs: number
  readonly live: VersionRef | null
  /** Where a rollback leads: the version before live; null when there is none, or it was withdrawn. */
  readonly previous: VersionRef | null
  /** The policy in force, and its hash for the candidate. */
  readonly policy: RolloutPolicy
  readonly policyHash: string
  readonly candidateAtTip: boolean
  readonly candidateStanding: Standing
  /** What Git asks for in its place: a newer number, one that the environment file names, or what is live; null while it is the wish. */
  readonly supersededBy: number | null
  /** When an operator's hold began, expired or not; null when there is none. */
  readonly heldSinceMs: number | null
  /** The end of the freeze window that now stands, by `frozenUntil`; null when there is none. */
  readonly frozenUntilMs: number | null
  /** Joined nodes only: one without a lease blocks nothing. */
  readonly nodes: readonly NodeReport[]
  /** Null until the first pair could have been counted. Confirmed crashes and replacements are breaches in it. */
  readonly analysis: Analysis | null
  /** Of this rollout, not consumed; expired ones and ones bound to something else may be among them. */
  readonly approvals: readonly Approval[]
  /** Who is proved to have pushed the candidate; null when nobody is. */
  readonly pusher: string | null
  /** Null: the model goes live by itself. */
  readonly release: ReleaseFacts | null
  /** An accepted act that has not been carried out yet. */
  readonly act: PersonsAct | null
  readonly limits: RolloutLimits
}
