import type { Standing } from '@understudy/core'
import type { Analysis } from '../analysis/analysis.ts'
import type { NodeReport, RolloutRecord } from '../rollouts/rollout-facts.ts'
import type { Drift, TipVersion, VersionRef } from '../wish/wish.ts'

/** Everything that a sentence about a model may need. */
export interface ModelSituation {
  readonly model: string
  readonly live: VersionRef | null
  /** The newest number at the tip, with what became of its digest; null when Git holds no version of the model. */
  readonly newest: (TipVersion & { readonly standing: Standing }) | null
  readonly drift: Drift | null
  readonly hold: { readonly actor: string; readonly reason: string } | null
  /** The open rollout, else the last that ended, with the sentence of its last transition. */
  readonly rollout: (RolloutRecord & { readonly detail: string }) | null
  /** Of the open rollout. */
  readonly analysis: Analysis | null
  readonly nodes: readonly NodeReport[]
}
