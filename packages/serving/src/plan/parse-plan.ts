import {
  type ArtifactRef,
  DTYPES,
  KEY_VERBS,
  type MeasuredCost,
  type MirrorPlan,
  type ModelPlan,
  type PlannedKey,
  type PlannedVersion,
  PlatformError,
  type RuntimeConfig,
  type ServingPlan,
  type Signature,
  type SignatureMapping,
  signatureMappingSchema,
  type TensorSpec,
} from '@understudy/core'
import { isCapturePlan, isMirrorPlan } from './mirror-plan-shape.ts'
import {
  type Check,
  isBoolean,
  isEither,
  isFiniteNumber,
  isListOf,
  isNullOr,
  isOneOf,
  isRecordOf,
  isShape,
  isString,
} from './shape-check.ts'

const isArtifactRef = isShape<ArtifactRef>({ path: isString, sha256: isString, sizeBytes: isFiniteNumber })
const isTensorSpec = isShape<TensorSpec>({
  name: isString,
  dtype: isOneOf(DTYPES),
  shape: isListOf(isEither(isFiniteNumber, isString)),
})
const isSignature = isShape<Signature>({ inputs: isListOf(isTensorSpec), outputs: isListOf(isTensorSpec) })
const isRuntime = isShape<RuntimeConfig>({
  intraOpThreads: isFiniteNumber,
  batching: isShape<RuntimeConfig['batching']>({ maxBatchSize: isFiniteNumber, maxDelayMs: isFiniteNumber }),
  timeoutMs: isFiniteNumber,
  runTimeoutMs: isFiniteNumber,
  maxQueue: isFiniteNumber,
  resident: isBoolean,
})
const isMeasuredCost = isShape<MeasuredCost>({ loadMs: isFiniteNumber, memoryBytes: isFiniteNumber })
const isSignatureMapping: Check<SignatureMapping> = (value): value is SignatureMapping =>
  signatureMappingSchema.safeParse(value).success
const isPlannedKey = isShape<PlannedKey>({
  id: isString,
  hmac: isString,
  models: isNullOr(isListOf(isString)),
  verbs: isListOf(isOneOf(KEY_VERBS)),
  expiresAtMs: isNullOr(isFiniteNumber),
})
const isPlannedVersion = isShape<PlannedVersion>({
  number: isFiniteNumber,
  digest: isString,
  commit: isString,
  entryPoint: isString,
  files: isListOf(isArtifactRef),
  golden: isListOf(isArtifactRef),
  signature: isSignature,
  runtime: isRuntime,
  batchable: isBoolean,
  signatures: isRecordOf(isSignatureMapping),
  classLabels: isRecordOf(isListOf(isString)),
  measured: isNullOr(isMeasuredCost),
  traceparent: isNullOr(isString),
})
const isModelPlan = isShape<ModelPlan>({
  model: isString,
  generation: isFiniteNumber,
  versions: isListOf(isPlannedVersion),
  labels: isRecordOf(isFiniteNumber),
  mirror: isNullOr(isMirrorPlan),
  capture: isNullOr(isCapturePlan),
  keepAnswersShare: isFiniteNumber,
})
const isServingPlan = isShape<ServingPlan>({
  readAtMs: isFiniteNumber,
  models: isListOf(isModelPlan),
  keys: isListOf(isPlannedKey),
})

/**
 * Reads a plan that was kept as JSON. Strict: a plan with a key more or less is refused rather than half understood; only what
 * earlier releases did not have yet is filled in.
 *
 * @param subject what is read, as the beginning of the sentence that says why it is refused
 * @throws PlatformError `serving.plan_invalid`
 */
export function parsePlan(text: string, subject = 'The plan kept on disk'): ServingPlan {
  const invalid = (reason: string, cause?: unknown) =>
    new PlatformError('serving.plan_invalid', `${subject} cannot be used: ${reason}.`, { cause })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw invalid('it is not JSON', error)
  }
  value = completed(value)
  if (!isServingPlan(value)) throw invalid('it has another form than this release expects')
  for (const { model, versions, labels } of value.models) {
    const numbers = new Set(versions.map((version) => version.number))
    const astray = Object.keys(labels).find((label) => !numbers.has(labels[label] ?? 0))
    if (astray !== undefined) throw invalid(`label "${astray}" of "${model}" points to no planned version`)
  }
  return value
}

/** What earlier releases did not write yet, with the meaning that its absence had: a node that was updated starts from its kept plan. */
function completed(value: unknown): unknown {
  if (!isObject(value) || !Array.isArray(value.models)) return value
  return { keys: [], ...value, models: value.models.map(completedModel) }
}

function completedModel(model: unknown): unknown {
  if (!isObject(model) || !Array.isArray(model.versions)) return model
  const { mirror } = model
  return {
    ...ADDED.model,
    ...model,
    versions: model.versions.map((one) => (isObject(one) ? { ...ADDED.version, ...one } : one)),
    ...(isObject(mirror) && { mirror: { ...ADDED.mirror, ...mirror } }),
  }
}

interface Added {
  readonly model: Pick<ModelPlan, 'capture' | 'keepAnswersShare'>
  readonly version: Pick<PlannedVersion, 'signatures' | 'classLabels'>
  readonly mirror: Omit<MirrorPlan, 'rolloutId' | 'seriesId' | 'step' | MirroredKeys>
}

type MirroredKeys = 'baseline' | 'candidate' | 'sample' | 'compare' | 'traceparent'

const ADDED: Added = {
  model: { capture: null, keepAnswersShare: 0 },
  version: { signatures: {}, classLabels: {} },
  mirror: {
    ...{ candidateShare: 0, latency: null, segmentHeader: null },
    ...{ keepAnswers: false, replay: false, storeInputs: false },
  },
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
