import type { PropertyCounters } from '../evidence/counters.ts'
import type { PropertyHistogram } from '../evidence/histogram.ts'
import type { TrafficMinute } from './coverage.ts'

/** Pairs that were admitted in one source and step, and those of them that the platform lost. Cumulative. */
export interface PairLoss {
  readonly source: string
  readonly step: string
  readonly admitted: number
  readonly lost: number
}

/** What was counted and seen so far. Rows of several nodes, and of several segments, may stand side by side: they are summed. */
export interface Observed {
  readonly counters: readonly PropertyCounters[]
  /** Evidence of the gate `quality`. */
  readonly histograms: readonly PropertyHistogram[]
  readonly losses: readonly PairLoss[]
  /** Live traffic since collecting began, minute by minute, in any order. */
  readonly minutes: readonly TrafficMinute[]
  /** What a confirmed breach of an invariant was; null when there is none. */
  readonly breach: string | null
  /** Since collecting began, or began again by `retry`. */
  readonly elapsedMs: number
  /** A `pass` was reached on this series before: it stays until a `fail`. */
  readonly passed: boolean
}
