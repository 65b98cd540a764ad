import type { AnalysisReason } from '../analysis/analysis.ts'
import type { Approval, RolloutRecord } from '../rollouts/rollout-facts.ts'

/** What was counted for one pair of digests under one policy, in one attempt. */
export interface Series {
  passed: boolean
  failed: AnalysisReason | null
  shed: boolean
  readonly pairs: Record<string, number>
}

/** An open rollout with everything that is recorded beside it. */
export interface OpenWorld {
  record: RolloutRecord
  readonly series: Series
  approvals: Approval[]
  collectingSinceMs: number
  /** Canary weights that came to their end. */
  readonly weights: number[]
  readonly startedAtMs: number
  /** A person asked for it. */
  readonly asked: boolean
}
