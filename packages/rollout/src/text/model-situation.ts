import type { Standing } from '@understudy/core'
import type { RolloutFacts, RolloutRecord } from '../rollouts/rollout-facts.ts'
import type { Drift, Pointer, TipVersion, VersionRef } from '../wish/wish.ts'

/** An operator's decision that fixes what is live. */
export interface ShownHold {
  readonly actor: string
  readonly reason: string
  /** It stands on after that, and alarms; null: it does not expire. */
  readonly expiresAtMs: number | null
}

/** Everything that a sentence about a model may need. */
export interface ModelSituation {
  readonly model: string
  readonly nowMs: number
  readonly live: VersionRef | null
  /**
   * What Git asks for, with what became of its digest: the number that the environment file names while another is live, else the newest at
   * the tip. Null when Git does not hold it.
   */
  readonly newest: (TipVersion & { readonly standing: Standing }) | null
  readonly pointer: Pointer | null
  readonly drift: Drift | null
  readonly hold: ShownHold | null
  /** The open rollout, else the last that ended, with the sentence of its last transition. */
  readonly rollout: (RolloutRecord & { readonly detail: string }) | null
  /** What the next move of the open rollout is decided from; null when none is open. */
  readonly facts: RolloutFacts | null
}
