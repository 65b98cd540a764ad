import type { VerdictOutcome } from '@understudy/core'
import type { OutcomeCoverageView } from './quality-views.ts'

/** The questions of an analysis. */
export type GateName = 'errors' | 'latency' | 'slowRuns' | 'disagreement' | 'quality'

/** One gate of an analysis with all that its gauge needs. Logs are natural logarithms of e-values. */
export interface GateView {
  readonly gate: GateName
  /** Where its pairs come from. */
  readonly source: 'live' | 'replay'
  /** The property that stands worst, such as an output's name or an edge in milliseconds. */
  readonly property: string
  readonly verdict: 'collecting' | 'pass' | 'fail' | 'towardFail' | 'noPairs'
  /** False: shown only. */
  readonly decides: boolean
  /** It must be cleared in this source; else it can only fail here. */
  readonly required: boolean
  readonly margin: number
  readonly nPlus: number
  readonly nZero: number
  readonly nMinus: number
  readonly logHarm: number
  readonly logSafe: number
  /** Natural logarithms of the thresholds: fail at harm, pass at safety. */
  readonly logFailAt: number
  readonly logPassAt: number
  /** The least margin that the counters would clear; null before there are enough pairs. */
  readonly bound: number | null
  /** The same in words. */
  readonly boundText: string
  /** Further pairs until this gate passes if it goes on like this; null when it cannot be said. */
  readonly pairsToPass: number | null
}

/** One value of the header that splits evidence. Shown, never deciding. */
export interface SegmentView {
  readonly segment: string
  readonly gate: GateName
  readonly source: string
  readonly pairs: number
  readonly nPlus: number
  readonly nMinus: number
  readonly logHarm: number
  /** It stands out although many segments were looked at. */
  readonly flagged: boolean
}

/** Which way rows of an output went over its threshold: a table of McNemar's that may be watched. Shown, never deciding. */
export interface FlipsView {
  readonly output: string
  /** Null in an analysis of an earlier release, which did not keep it. */
  readonly threshold: number | null
  readonly source: 'live' | 'replay'
  /** Rows that only the candidate puts at or above the threshold. */
  readonly up: number
  /** Rows that only the baseline puts there. */
  readonly down: number
  /** All others: both on one side, a row that went both ways, or one with NaN, which lies on no side. */
  readonly neither: number
  /** Natural logarithm of the e-value against "as many go up as down". */
  readonly logDiffers: number
}

/** What the comparator of run times says with the same version on both sides. */
export interface CalibrationView {
  readonly pairs: number
  readonly healthy: boolean
  readonly noiseShare: number
  readonly worstEdgeMs: number | null
}

export interface AnalysisView {
  readonly outcome: VerdictOutcome | 'collecting'
  readonly summary: string
  readonly pairs: number
  readonly minPairs: number
  readonly admitted: number
  readonly lost: number
  /** 1 for the first attempt on a series; later ones are judged more strictly. */
  readonly attempt: number
  readonly gates: readonly GateView[]
  /** Seconds until it decides at the rate of the last minutes; null when that cannot be said. */
  readonly secondsToDecision: number | null
  /** Pairs of each step of the policy, in order. */
  readonly steps: readonly { readonly step: string; readonly pairs: number }[]
  readonly segments: readonly SegmentView[]
  /** One per output that is compared with a threshold, and source. */
  readonly flips: readonly FlipsView[]
  /** Null where run times are not compared. */
  readonly calibration: CalibrationView | null
  /** Mean share of requests that were sampled, and that of the busiest tenth of the minutes; null before there is traffic. */
  readonly coverage: { readonly meanShare: number; readonly busyShare: number } | null
  /** ISO 8601 of the last counted pair. */
  readonly updatedAt: string | null
}

/** One verdict on record, and what the formula says of the counters that are stored with it. */
export interface RecomputedVerdict {
  readonly seq: number
  /** ISO 8601. */
  readonly at: string
  readonly stored: VerdictOutcome
  /** Null for a verdict of an earlier release, which did not store what it was made from. */
  readonly recomputed: VerdictOutcome | 'collecting' | null
  /** Verdict and every e-value are the same. */
  readonly same: boolean
}

/** What `understudy evidence` shows: the evidence of one rollout, computed again from stored counters. */
export interface EvidenceView {
  readonly model: string
  readonly candidate: number
  readonly baseline: number | null
  readonly rolloutId: string
  readonly analysis: AnalysisView
  readonly verdicts: readonly RecomputedVerdict[]
  /** Of this rollout; null where the policy asks for no outcomes. */
  readonly outcomes: OutcomeCoverageView | null
}
