import type { PairLoss, PropertyCounters, PropertyHistogram } from '@understudy/rollout'

/** Live requests of one minute over all nodes, and those of them that were sampled. */
export interface MinuteRecord {
  readonly atMs: number
  readonly requests: number
  readonly sampled: number
}

export interface BreachRecord {
  readonly kind: string
  readonly detail: string
  readonly requestId: string | null
}

/** What was counted for a rollout's series, summed over nodes and their incarnations. */
export interface EvidenceRecord {
  readonly seriesId: string
  readonly attempt: number
  readonly passedAt: Date | null
  /** By segment, where requests carried the header that splits evidence. */
  readonly counters: readonly PropertyCounters[]
  readonly histograms: readonly PropertyHistogram[]
  readonly losses: readonly PairLoss[]
  readonly breaches: readonly BreachRecord[]
  /** Oldest first. */
  readonly minutes: readonly MinuteRecord[]
  readonly updatedAt: Date | null
}
