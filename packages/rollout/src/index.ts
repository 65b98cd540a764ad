export type {
  Analysis,
  AnalysisReason,
  GateAssessment,
  GateVerdict,
  PropertyAssessment,
} from './analysis/analysis.ts'
export {
  type AnalysisPlan,
  FAILED_PROPERTY,
  GATES,
  type GateName,
  type GatePlan,
  planAnalysis,
  SOURCES,
  type Source,
} from './analysis/analysis-plan.ts'
export { assessAnalysis, LOST_SHARE_MAX, type Observed, type PairLoss } from './analysis/assess-analysis.ts'
export {
  type Contest,
  describeAnalysis,
  describeBound,
  trafficCommand,
} from './analysis/describe-analysis.ts'
export {
  type ExecutorReplacements,
  findReplacementBreach,
  type ReplacementKind,
} from './analysis/replacement-breach.ts'
export type { OutputSummary } from './comparators/answer-summary.ts'
export type { ComparableAnswer } from './comparators/comparable-answer.ts'
export {
  type AnswerSummary,
  type ComparablePair,
  type ComparisonPlan,
  comparePair,
  type InvariantBreach,
  type OutputResult,
  type PairComparison,
} from './comparators/compare-pair.ts'
export type { CrashBreach } from './comparators/crash-breach.ts'
export { findParityBreach, type ParityBreach } from './comparators/parity-breach.ts'
export { type OutputRow, ROW_ANSWER_CHARS_MAX, rowAnswer } from './comparators/row-answer.ts'
export { type Counters, type PropertyCounters, pairsOf } from './evidence/counters.ts'
export { type Forecast, forecastPairs, LEAST_PAIRS_FOR_TREND } from './evidence/forecast.ts'
export { leastMargin } from './evidence/least-margin.ts'
export { logE, type Side } from './evidence/log-e.ts'
export { type Thresholds, thresholds } from './evidence/thresholds.ts'
export { EXAMPLE_KINDS, type ExampleKind, type PairExample } from './pairs/pair-examples.ts'
export { type LedgerSnapshot, PairLedger, type PairLedgerOptions, type RunSlot } from './pairs/pair-ledger.ts'
export { type Clearance, clearanceOf } from './rollouts/clearance.ts'
export {
  type CommandDecision,
  type CommandSituation,
  type CommandType,
  decideCommand,
  type RolloutCommand,
  type SeenRollout,
} from './rollouts/decide-command.ts'
export { decideRollout } from './rollouts/decide-rollout.ts'
export {
  DEFAULT_LIMITS,
  type NodeReport,
  type PersonsAct,
  type RolloutFacts,
  type RolloutLimits,
  type RolloutRecord,
} from './rollouts/rollout-facts.ts'
export {
  type FailReason,
  FIRST_POSITION,
  isOpen,
  PHASES,
  phaseOf,
  type RolloutPhase,
  type RolloutPosition,
} from './rollouts/rollout-position.ts'
export { standingAfter } from './rollouts/standing-after.ts'
export {
  applyMove,
  CAUSES,
  type Move,
  type RolloutTransition,
  TRANSITIONS,
  type TransitionCause,
} from './rollouts/transitions.ts'
export { describeIncidents, type IncidentCount } from './text/describe-incidents.ts'
export { describeModel } from './text/describe-model.ts'
export {
  formatCount,
  formatDuration,
  formatPairs,
  formatPercent,
  formatPoints,
  formatVersion,
} from './text/format.ts'
export type { ModelSituation } from './text/model-situation.ts'
export { carryDrift, type DatedDrift } from './wish/decide-drift.ts'
export { decideWish } from './wish/decide-wish.ts'
export type {
  Drift,
  OpenRollout,
  TipVersion,
  VersionRef,
  WishAct,
  WishDecision,
  WishInput,
} from './wish/wish.ts'
