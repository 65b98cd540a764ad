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
  readonly startedAtMs: number
}

/** What the environment file asks to be live: it pins the model. */
export interface Pointer {
  readonly live: number
  /** Where it stands, for people: `environments/production.yaml`. */
  readonly file: string
  /** When it began to name this number. */
  readonly changedAtMs: number
  /** It was carried out, or a promotion overtook it: it starts nothing more until it changes. */
  readonly settled: boolean
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
  /** Null: the trigger decides. */
  readonly pointer: Pointer | null
  readonly rollout: OpenRollout | null
  readonly requested: RolloutRequest | null
}

/** What is done about the wish. Carried out in one transaction; the next look decides again. */
export type WishAct =
  | { readonly type: 'none' }
  | { readonly type: 'start'; readonly number: number; readonly kind: RolloutKind }
  /** Ends the open rollout as `aborted(superseded)`, then starts. Kind null: the number is live, or cannot be started yet. */
  | { readonly type: 'supersede'; readonly number: number; readonly kind: RolloutKind | null }
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
  /** The pointer entry has come true: record that it is carried out. */
  readonly settles: boolean
  readonly drift: Drift | null
}
