import type { ComparablePair, ComparisonPlan, PairComparison } from '@understudy/rollout'

/** One pair and the row of it that counts. */
export interface ComparisonTask {
  readonly pair: ComparablePair
  readonly unitRow: number
}

/** How the pairs of a run are compared, and what is kept of them. */
export interface ComparisonOrder extends ComparisonPlan {
  /** Both answers of the row that counts are wanted. */
  readonly keepAnswers: boolean
  /** Inputs are wanted besides their hash. */
  readonly storeInputs: boolean
}

/** All pairs of one mirrored run. */
export interface ComparisonRun {
  readonly plan: ComparisonOrder
  readonly tasks: readonly ComparisonTask[]
}

/** The row of a pair that counts, as both versions answered it: JSON, or null where a version failed or answered too much to be kept. */
export interface PairAnswers {
  readonly row: number
  readonly baseline: string | null
  readonly candidate: string | null
}

/** What was found out about one pair. */
export interface PairFinding {
  readonly comparison: PairComparison
  /** Null where they are not wanted. */
  readonly answers: PairAnswers | null
}
