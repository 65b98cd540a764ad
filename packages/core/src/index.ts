export { type Clock, systemClock } from './clock.ts'
export { type ArtifactRef, canonicalJson, modelDigest, sha256Hex } from './digest.ts'
export { parseDurationMs } from './duration.ts'
export { CATEGORIES, type Category, type Fault, HTTP_STATUS, type Retry } from './errors/category.ts'
export {
  isPlatformError,
  PlatformError,
  type PlatformErrorOptions,
  toPlatformError,
} from './errors/platform-error.ts'
export { ERROR_REGISTRY, type ErrorCode } from './errors/registry.ts'
export { type FreezeWindow, freezeMistake, frozenUntil } from './freeze-window.ts'
export { type GoldenSample, goldenSampleSchema } from './golden.ts'
export {
  isModelName,
  MODEL_NAME_PATTERN,
  parseVersionNumber,
  shortCommit,
  shortDigest,
  versionName,
} from './ids.ts'
export {
  type CancelListener,
  type CancelSignal,
  type InferenceRequest,
  type InferenceResponse,
  SERVED_BY_HEADERS,
  type ServedBy,
  STICKY_KEY_HEADER,
  type StageTimes,
  type VersionSelector,
} from './inference.ts'
export {
  type ApiKeyParts,
  apiKeyHmac,
  apiKeyText,
  deriveKeyCheckKey,
  newApiKey,
  parseApiKey,
} from './keys/api-key.ts'
export { deriveInputKey, sealBytes, unsealBytes } from './keys/sealed-bytes.ts'
export { isLoopbackHost } from './loopback-host.ts'
export { outputComparisons } from './model-config/comparisons.ts'
export {
  type EnvironmentFile,
  type PointerEntry,
  parseEnvironmentFile,
} from './model-config/environment-file.ts'
export { mappingMistakes } from './model-config/mapping-mistakes.ts'
export { defaultModelConfig, parseModelConfig } from './model-config/parse.ts'
export { policyHash } from './model-config/policy-hash.ts'
export {
  type Comparator,
  type ModelConfig,
  modelConfigSchema,
  type OutputComparison,
  type PrivacyPolicy,
  type RolloutPolicy,
  type RuntimeConfig,
  type SignatureMapping,
  signatureMappingSchema,
} from './model-config/schema.ts'
export { suggestComparisons } from './model-config/suggest-comparisons.ts'
export { NO_VERSION_NOTES, parseVersionNotes, type VersionNotes } from './model-config/version-notes.ts'
export {
  OUTCOME_STATUSES,
  type OutcomeReporter,
  type OutcomeStatus,
  type OutcomeTruth,
  type ReportedOutcome,
} from './outcome.ts'
export { decideOverride, type OverrideDecision, type OverrideFacts } from './override/decide-override.ts'
export {
  type OverrideDocument,
  parseSignedOverride,
  type SignedOverride,
} from './override/override-document.ts'
export {
  deriveOverrideKey,
  isOverrideProof,
  isSignedOverride,
  overrideProof,
  signOverride,
} from './override/override-signature.ts'
export {
  OVERRIDE_PROOF_HEADER,
  OVERRIDES_PATH,
  type OverrideStatus,
  parseOverrideStatus,
} from './override/override-status.ts'
export { planServing, type ServingNeeds } from './plan/plan-serving.ts'
export {
  type CapturePlan,
  KEY_VERBS,
  type KeyVerb,
  type LatencyPlan,
  type MeasuredCost,
  type MirrorPlan,
  type ModelPlan,
  type PlannedKey,
  type PlannedVersion,
  type ServingPlan,
} from './plan/serving-plan.ts'
export { shownUrl } from './shown-url.ts'
export {
  ABORT_REASONS,
  type AbortReason,
  DRIFT_REASONS,
  type DriftReason,
  NODE_STATES,
  type NodeState,
  PAUSE_REASONS,
  type PauseReason,
  ROLLOUT_KINDS,
  ROLLOUT_STATES,
  ROLLOUT_STEPS,
  type RolloutKind,
  type RolloutState,
  type RolloutStep,
  SERVABLE_STATES,
  type ServableState,
  STANDINGS,
  type Standing,
  SYSTEM_LABELS,
  type SystemLabel,
  VERDICTS,
  VERSION_STATES,
  type VerdictOutcome,
  type VersionState,
} from './states.ts'
export { RowCutter, rowCount, sliceAllRows, sliceRows, stackRows } from './tensor/rows.ts'
export {
  allocateData,
  BYTES_PER_ELEMENT,
  type Dimension,
  DTYPES,
  type DType,
  describeSpec,
  elementCount,
  type NamedTensors,
  type NumericData,
  type NumericDType,
  type Signature,
  type Tensor,
  type TensorData,
  type TensorDataByType,
  type TensorSpec,
  viewData,
} from './tensor/tensor.ts'
