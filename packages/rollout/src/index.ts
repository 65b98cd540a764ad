export type {
  Analysis,
  AnalysisReason,
  Counted,
  GateAssessment,
  GateVerdict,
  PropertyAssessment,
  StepPairs,
} from './analysis/analysis.ts'
export {
  type AnalysisPlan,
  canaryStep,
  FAILED_PROPERTY,
  GATES,
  type GateName,
  type GatePlan,
  LOSS_PROPERTY,
  OVER_PROPERTY,
  planAnalysis,
  SOURCES,
  type Source,
} from './analysis/analysis-plan.ts'
export { assessAnalysis, assessCounted, LOST_SHARE_MAX } from './analysis/assess-analysis.ts'
export { type Coverage, coverageOf, type TrafficMinute } from './analysis/coverage.ts'
export {
  type Contest,
  describeAnalysis,
  trafficCommand,
} from './analysis/describe-analysis.ts'
export { describeBound, describeSlowdown } from './analysis/describe-gate.ts'
export type { FlipAssessment } from './analysis/flips.ts'
export { timeToDecision } from './analysis/forecast-time.ts'
export type { Observed, PairLoss } from './analysis/observed.ts'
export {
  type ExecutorReplacements,
  findReplacementBreach,
  type ReplacementKind,
} from './analysis/replacement-breach.ts'
export type { SegmentAssessment } from './analysis/segments.ts'
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
export { type LossPolicy, lossOf, type Outcome } from './comparators/loss.ts'
export { findParityBreach, type ParityBreach } from './comparators/parity-breach.ts'
export { type Prediction, type PredictionPlace, predictedOf } from './comparators/prediction.ts'
export { type OutputRow, ROW_ANSWER_CHARS_MAX, rowAnswer } from './comparators/row-answer.ts'
export { assessCalibration, type CalibrationAssessment } from './evidence/calibration.ts'
export { type Counters, type PropertyCounters, pairsOf } from './evidence/counters.ts'
export { type Forecast, forecastPairs, LEAST_PAIRS_FOR_TREND } from './evidence/forecast.ts'
export {
  addHistograms,
  binOfDifference,
  HISTOGRAM_BINS,
  type Histogram,
  logEOfHistogram,
  type PropertyHistogram,
} from './evidence/histogram.ts'
export { edgeOf, LATENCY_EDGES_MS, latencyProperty } from './evidence/latency-edges.ts'
export { leastMargin } from './evidence/least-margin.ts'
export { logE, logEOfDifference, type Side } from './evidence/log-e.ts'
export { type ExpectedPairs, pairsNeeded } from './evidence/pairs-needed.ts'
export { type Thresholds, thresholds } from './evidence/thresholds.ts'
export { areSameLabels, decideUserLabels } from './labels/decide-user-labels.ts'
export type {
  LabelledVersion,
  LabelNote,
  UserLabels,
  UserLabelsDecision,
  UserLabelsInput,
} from './labels/user-labels.ts'
export { drawUniform } from './pairs/draw.ts'
export {
  type LatencyGate,
  LatencyLedger,
  type LatencyLedgerOptions,
  type LatencySlot,
  type LatencySnapshot,
  LOST_PROPERTY,
  RUN_TIMES_GATE,
  type RunTimes,
} from './pairs/latency-ledger.ts'
export { EXAMPLE_KINDS, type ExampleKind, type PairExample } from './pairs/pair-examples.ts'
export {
  type LedgerRequest,
  type LedgerSnapshot,
  PairLedger,
  type PairLedgerOptions,
  type RunSlot,
  type SettledRun,
} from './pairs/pair-ledger.ts'
export { RecentIds } from './pairs/recent-ids.ts'
export { OTHER_SEGMENT } from './pairs/segment-names.ts'
export {
  assessQualityDrift,
  type LossDay,
  type LossMean,
  type QualityDrift,
  type QualityDriftInput,
} from './quality/assess-quality-drift.ts'
export { describeQualityDrift } from './quality/describe-quality-drift.ts'
export {
  type ApprovalAssessment,
  assessApprovals,
  type GroupApprovals,
} from './rollouts/assess-approvals.ts'
export { type Clearance, clearanceOf } from './rollouts/clearance.ts'
export { decideCommand } from './rollouts/decide-command.ts'
export { decideRehearsal, type RehearsalSituation } from './rollouts/decide-rehearsal.ts'
export { decideRollout, isReadyToCommit } from './rollouts/decide-rollout.ts'
export { describeApprovals } from './rollouts/describe-approvals.ts'
export {
  COMMANDS,
  type CommandDecision,
  type CommandSituation,
  type CommandType,
  type RolloutCommand,
  type SeenRollout,
} from './rollouts/rollout-command.ts'
export { deadlineOf } from './rollouts/rollout-deadline.ts'
export {
  type Approval,
  DEFAULT_LIMITS,
  type NodeReport,
  type PersonsAct,
  type PromotedNow,
  type ReleaseFacts,
  type RolloutFacts,
  type RolloutLimits,
  type RolloutRecord,
} from './rollouts/rollout-facts.ts'
export {
  answeredClients,
  type FailReason,
  FIRST_POSITION,
  isCompared,
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
  mayMove,
  type RolloutTransition,
  TRANSITIONS,
  type TransitionCause,
  type TransitionEffect,
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
  joinWords,
} from './text/format.ts'
export type { ModelSituation } from './text/model-situation.ts'
export { carryDrift, type DatedDrift } from './wish/decide-drift.ts'
export { decideWish } from './wish/decide-wish.ts'
export type {
  Drift,
  OpenRollout,
  Pointer,
  RolloutRequest,
  TipVersion,
  VersionRef,
  WishAct,
  WishDecision,
  WishInput,
} from './wish/wish.ts'
