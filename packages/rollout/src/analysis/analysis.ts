import type { VerdictOutcome } from '@understudy/core'
import type { Counters } from '../evidence/counters.ts'
import type { Forecast } from '../evidence/forecast.ts'
import type { Thresholds } from '../evidence/thresholds.ts'
import type { GateName } from './analysis-plan.ts'

/** `towardFail`: undecided, and the evidence for harm is the greater one. A gate that does not decide is never `pass` or `fail`. */
export type GateVerdict = 'collecting' | 'towardFail' | 'noPairs' | 'pass' | 'fail'

/** What the counters of one property say. The logarithms are null where the gate has no margin. */
export interface PropertyAssessment {
  readonly property: string
  readonly decides: boolean
  /** Summed over steps. */
  readonly counters: Counters
  readonly pairs: number
  readonly logHarm: number | null
  readonly logSafe: number | null
  /** The least margin that the counters would clear; null when none. */
  readonly bound: number | null
}

/** What one gate says in one source. */
export interface GateAssessment {
  readonly gate: GateName
  readonly source: string
  readonly decides: boolean
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
  readonly properties: readonly PropertyAssessment[]
}

/** Why an analysis ended as it did: the gate that failed, or what kept it from deciding. */
export type AnalysisReason = GateName | 'invariant' | 'shed' | 'maxDuration'

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
  /** Pairs lost by the platform, of those admitted: 0 to 1. */
  readonly lostShare: number
}
