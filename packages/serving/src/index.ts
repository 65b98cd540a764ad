export type {
  AspiredVersionPolicy,
  ServableAction,
  ServableStateSnapshot,
} from './manager/aspired-version-policy.ts'
export { availabilityPreservingPolicy } from './manager/availability-preserving-policy.ts'
export type { LabelMap, Manager } from './manager/manager.ts'
export { resourcePreservingPolicy } from './manager/resource-preserving-policy.ts'
export { type LentMemory, ResourceTracker, type Tenant } from './manager/resource-tracker.ts'
export type {
  AdmittedRequest,
  MirrorSink,
  Pair,
  PairAnswer,
  PairedRun,
  PairSource,
  RunTicket,
} from './mirror-sink.ts'
export type { ServableStatus } from './node/servable-status.ts'
export { ServingNodeCore } from './node/serving-node-core.ts'
export {
  DEFAULT_SERVING_NODE_SETTINGS,
  type ServingNodePorts,
  type ServingNodeSettings,
} from './node/serving-node-options.ts'
export {
  type BatchEnded,
  combineObservers,
  type ExecutorIncident,
  type LabelsMoved,
  type LoadEnded,
  type MirrorRunEnded,
  noopObserver,
  PROTOCOLS,
  type PredictionTask,
  type Protocol,
  type RequestEnded,
  type ServingObserver,
  type WarmUpEnded,
} from './observer.ts'
export { FilePlanStore } from './plan/file-plan-store.ts'
export { parsePlan } from './plan/parse-plan.ts'
export type { PlanOverride, PlanOverrides } from './plan/plan-overrides.ts'
export type { PlanReader, PlanStore } from './plan/plan-ports.ts'
export { InputValidator } from './predict/input-validator.ts'
export { modelNotFound } from './predict/model-not-found.ts'
export { inputHash } from './predict/suspect/input-hash.ts'
export {
  type PredictionReceiver,
  type Predictor,
  submitTo,
  type VersionDescription,
  type VersionStatus,
} from './predictor.ts'
export type {
  AnswerKeeper,
  InputCapture,
  OfferedRequest,
  ReplayedRequest,
  ReplayOutcome,
} from './request-keepers.ts'
export type {
  AspiredVersionsCallback,
  LoadContext,
  Loader,
  ModelServable,
  ResourceEstimate,
  RunResult,
  ServableData,
  ServableHandle,
  ServableId,
  ServableRequest,
  ServableRole,
  ServableStateEvent,
  Source,
  SourceAdapter,
  WarmUpReport,
} from './servable.ts'
export { forEachInSlices } from './slices.ts'
export { isSuspectError } from './suspect-error.ts'
