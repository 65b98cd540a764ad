import type { Standing } from '@understudy/core'
import type { NodeReport } from '../rollouts/rollout-facts.ts'
import type { TipVersion } from '../wish/wish.ts'

/** A version of the record as a label of the user's own looks at it. */
export interface LabelledVersion extends TipVersion {
  readonly atTip: boolean
  readonly standing: Standing
  /** What the joined nodes report of it. */
  readonly nodes: readonly NodeReport[]
}

/** Numbers by label. */
export type UserLabels = Readonly<Record<string, number>>

export interface UserLabelsInput {
  /** What the environment file asks for. */
  readonly wanted: UserLabels
  /** What the serving plan says now. */
  readonly carried: UserLabels
  /** Those of the record that either names. */
  readonly versions: readonly LabelledVersion[]
}

/** A label that is not where the environment file wants it. */
export interface LabelNote {
  readonly label: string
  readonly number: number
  /** It does not get there without a change; else it only waits. */
  readonly refused: boolean
  /** What keeps it, as the end of a sentence that begins with the version: `v2 was rejected: not a model`. */
  readonly detail: string
}

export interface UserLabelsDecision {
  /** What the plan shall say now. */
  readonly labels: UserLabels
  /** What nodes hold loaded for it, ascending: versions that carry a label, and those that are to carry one. */
  readonly loaded: readonly number[]
  /** By label. */
  readonly notes: readonly LabelNote[]
}
