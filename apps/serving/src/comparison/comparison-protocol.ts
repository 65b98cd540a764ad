import type { ComparablePair, ComparisonPlan, PairComparison } from '@understudy/rollout'

/** One pair and the row of it that counts. */
interface ComparisonTask {
  readonly pair: ComparablePair
  readonly unitRow: number
}

/** All pairs of one mirrored run. */
export interface ComparisonRun {
  readonly plan: ComparisonPlan
  readonly tasks: readonly ComparisonTask[]
}

/** To the worker. */
export interface ComparisonRequest {
  readonly id: number
  readonly run: ComparisonRun
}

/** From the worker. A pair that could not be compared is left out of `comparisons`, and the first reason given. */
export interface ComparisonReply {
  readonly id: number
  readonly comparisons: readonly PairComparison[]
  readonly failure: string | null
}
