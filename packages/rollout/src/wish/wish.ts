import type {
  AbortReason,
  DriftReason,
  PauseReason,
  RolloutKind,
  RolloutPolicy,
  RolloutStep,
  Standing,
  VersionState,
} from '@understudy/core'

/** Names one version of a model by what it is called and by what it is. */
export interface VersionRef {
  readonly number: number
  readonly digest: string
}

/** A number of the model at the accepted tip. */
export interface TipVersion extends VersionRef {
  readonly state: VersionState
  /** Why it was rejected; null otherwise. */
  readonly reason: string | null
}

/** The rollout that is open, as far as the wish is concerned. */
export interface OpenRollout {
  readonly kind: RolloutKind
  readonly candidate: VersionRef
  /** What was live when it began. */
  readonly baseline: VersionRef | null
  readonly step: RolloutStep
  readonly pauseReason: PauseReason | null
}

/** What a person asked for and no rollout has answered yet: a start by hand, `retry` of a failed one, or a rehearsal. */
export interface RolloutRequest {
  readonly number: number
  /** A shadow that is compared and never promoted. */
  readonly rehearsal: boolean
}

export interface WishInput {
  readonly trigger: RolloutPolicy['trigger']
  readonly strategy: RolloutPolicy['strategy']
  /** History was rewritten and nobody has acknowledged it: the tip is the last accepted one. */
  readonly stalled: boolean
  readonly tip: readonly TipVersion[]
  /** By digest; a digest without an entry is untried. */
  readonly standings: ReadonlyMap<string, Standing>
  /** A hold stands, also when it is past its expiry, which only alarms. */
  readonly held: boolean
  readonly plan: { readonly live: VersionRef | null }
  readonly rollout: OpenRollout | null
  readonly requested: RolloutRequest | null
}

/** What is done about the wish. Carried out in one transaction; the next look decides again. */
export type WishAct =
  | { readonly type: 'none' }
  | { readonly type: 'start'; readonly number: number; readonly kind: RolloutKind }
  /** Ends the open rollout as `aborted(superseded)`, then starts. */
  | { readonly type: 'supersede'; readonly number: number; readonly kind: RolloutKind }
  | { readonly type: 'abort'; readonly reason: AbortReason }

/** What Git says and what is served differ. */
export interface Drift {
  readonly reason: DriftReason
  /** One sentence for people. */
  readonly detail: string
}

export interface WishDecision {
  /** The number that Git asks for; null when there is none. */
  readonly wish: number | null
  readonly act: WishAct
  readonly drift: Drift | null
}
