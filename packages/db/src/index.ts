export { type AuditEntry, audit, GENESIS_HASH } from './audit/audit.ts'
export { type AuditVerification, verifyAudit } from './audit/verify.ts'
export { type Database, type DatabaseOptions, openDatabase, type Tx } from './database.ts'
export { type CreateKeyAct, createKey, type KeyRecord, listKeys, revokeKey } from './keys/api-keys.ts'
export { userLabelsOf } from './labels/user-labels.ts'
export { CHANGE_CHANNEL, ChangeListener } from './node/change-listener.ts'
export { notifyChange } from './notify.ts'
export { enqueueNotification, OUTBOX_TOPIC } from './outbox/enqueue-notification.ts'
export { type AlarmLimits, findAlarms } from './outbox/find-alarms.ts'
export {
  type DeliveryRecord,
  listNotifications,
  type NotificationRecord,
} from './outbox/list-notifications.ts'
export { NOTIFICATION_KINDS, type Notification, type NotificationKind } from './outbox/notification.ts'
export {
  type DeliveryClaim,
  type FailedAttempt,
  OutboxQueue,
  type OutboxQueueOptions,
} from './outbox/outbox-queue.ts'
export { tellQualityAlarms } from './outbox/tell-quality-alarms.ts'
export type { AnswerCoverage } from './outcomes/describe-coverage.ts'
export { findQualityAlarms, type QualityAlarm } from './outcomes/find-quality-alarms.ts'
export { forgetOldOutcomes, requestDueOutcomes } from './outcomes/housekeeping.ts'
export {
  type CoverageTarget,
  loadContradictions,
  loadOutcomeCoverage,
  type OutcomeContradiction,
  type OutcomeCoverage,
} from './outcomes/load-outcome-coverage.ts'
export {
  loadQualityCurve,
  type QualityCurve,
  type QualityDay,
  type VersionQuality,
} from './outcomes/load-quality-curve.ts'
export { type ScoredOutcomes, scoreOutcomes } from './outcomes/score-outcomes.ts'
export { type MergedOverride, mergeOverride } from './override/merge-override.ts'
export {
  type LabelMove,
  type LockedPlan,
  lockPlan,
  moveLabels,
  type Preparedness,
  readPreparedness,
  setAspired,
} from './plan/plan-store.ts'
export type { EvidenceRecord, MinuteRecord } from './record/evidence-record.ts'
export { loadRecord, loadRecords } from './record/load-records.ts'
export {
  type ApprovalRecord,
  type HoldRecord,
  type ModelRecord,
  openRollout,
  type PointerRecord,
  type PromotionRecord,
  type Reason,
  type RequestedAs,
  type RolloutRecord,
  type StepRecord,
  standingOf,
  type VersionRecord,
  versionOf,
} from './record/model-record.ts'
export type { ActOutcome, DecisionAct } from './rollout/acts.ts'
export { analysisOf, analysisPlanOf } from './rollout/analysis-of.ts'
export { approve } from './rollout/approve.ts'
export { comparisonsOf, policyHashFor } from './rollout/comparisons-of.ts'
export { deciderRollout, rolloutFacts, wishInput } from './rollout/decider-input.ts'
export {
  abort,
  pause,
  promoteNow,
  type ReasonedAct,
  type RetryAct,
  reject,
  resume,
  retry,
} from './rollout/decision-acts.ts'
export { type HoldAct, hold, type ReleaseHoldAct, releaseHold } from './rollout/hold.ts'
export { type LiftAct, lift } from './rollout/lift.ts'
export { type PromoteAct, promote, rehearse } from './rollout/promote.ts'
export { type ReconcileStep, reconcileModelOnce } from './rollout/reconcile-model.ts'
export { readRelease } from './rollout/release.ts'
export { type RollbackAct, rollback } from './rollout/rollback.ts'
export { applySync, type IngestedVersion, type SyncStep, type SyncToApply } from './sync/apply-sync.ts'
export type { Pointers } from './sync/replace-pointers.ts'
export { ensureRepository, loadRecordedRepository, type RepositoryRow } from './sync/repository-store.ts'
export {
  loadVersionToValidate,
  recordValidation,
  type ValidationResult,
  type VersionToValidate,
} from './validation/validation-store.ts'
export { forgetLapsedNodes, requestOpenRollouts, requestUnfinished } from './work/hints.ts'
export {
  requestWork,
  WORK_KINDS,
  type WorkClaim,
  type WorkKind,
  WorkQueue,
  type WorkQueueOptions,
} from './work/work-queue.ts'
