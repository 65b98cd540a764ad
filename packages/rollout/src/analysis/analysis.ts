import type { VerdictOutcome } from '@understudy/core'
import type { Counters, PropertyCounters } from '../evidence/counters.ts'
import type { Forecast } from '../evidence/forecast.ts'
import type { PropertyHistogram } from '../evidence/histogram.ts'
import type { Thresholds } from '../evidence/thresholds.ts'
import type { GateName } from './analysis-plan.ts'
import type { Coverage } from './coverage.ts'
import type { FlipAssessment } from './flips.ts'
import type { PairLoss } from './observed.ts'
import type { SegmentAssessment } from './segments.ts'

/** `towardFail`: undecided, and the evidence for harm is the greater one. A gate that does not decide is never `pass` or `fail`. */
export type GateVerdict = 'collecting' | 'towardFail' | 'noPairs' | 'pass' | 'fail'

/** What the counters of one property say. The logarithms are null where the gate has no margin. */
export interface PropertyAssessment {
  readonly property: string
  readonly decides: boolean
  /** Summed over steps. For a histogram: how often the candidate lost more, the same and less. */
  readonly counters: Counters
  readonly pairs: number
  readonly logHarm: number | null
  readonly logSafe: number | null
  /** The least margin that the counters would clear; null when none. */
  readonly bound: number | null
  /** Of an edge: the candidate's runs above it over the baseline's; null where none of the baseline's is, and for other properties. */
  readonly ratio: number | null
}

/** What one gate says in one source. */
export interface GateAssessment {
  readonly gate: GateName
  readonly source: string
  readonly decides: boolean
  /** Whether this source must clear the gate; else it can only fail it. */
  readonly required: boolean
  readonly margin: number | null
  readonly verdict: GateVerdict
  /** Units of the deciding property that has fewest. */
  readonly pairs: number
  /** Mean of the deciding properties' harm. */
  readonly logHarm: number | null
  /** Minimum of the deciding properties' safety. */
  readonly logSafe: number | null
  readonly thresholds: Thresholds
  readonly forecast: Forecast | null
  /** The property that stands worst: its counters and bound are the ones to show. Null when the gate has no property. */
  readonly worst: PropertyAssessment | null
  /** Of `latency` only the edges on which a pair ever disagreed, and the worst. */
  readonly properties: readonly PropertyAssessment[]
}

/** Why an analysis ended as it did: the gate that failed, or what kept it from deciding. */
export type AnalysisReason = GateName | 'invariant' | 'shed' | 'coverage' | 'maxDuration'

/** How far a step has come. */
export interface StepPairs {
  readonly step: string
  /** Units of the gate `errors`, one per run, over all sources. */
  readonly pairs: number
}

/** What a verdict was made of, summed over nodes, so that anyone can make it again. */
export interface Counted {
  readonly counters: readonly PropertyCounters[]
  readonly histograms: readonly PropertyHistogram[]
  readonly losses: readonly PairLoss[]
  readonly coverage: Coverage
  readonly breach: string | null
  readonly elapsedMs: number
  readonly passed: boolean
}

/** Evidence and its verdict: plain data, stored with the verdict so that anyone can compute it again. */
export interface Analysis {
  readonly outcome: VerdictOutcome | 'collecting'
  readonly reason: AnalysisReason | null
  /** What exactly, for an invariant. */
  readonly detail: string | null
  readonly gates: readonly GateAssessment[]
  /** Units of the deciding gate that has fewest. */
  readonly pairs: number
  readonly minPairs: number
  readonly elapsedMs: number
  readonly minDurationMs: number
  /** Pairs lost by the platform, of those admitted: 0 to 1. The greater share of answers and of run times. */
  readonly lostShare: number
  /** Every step of the plan, in order, also those not begun. */
  readonly steps: readonly StepPairs[]
  readonly coverage: Coverage
  /** Shown, never deciding. */
  readonly segments: readonly SegmentAssessment[]
  /** Shown, never deciding. */
  readonly flips: readonly FlipAssessment[]
  readonly counted: Counted
}
