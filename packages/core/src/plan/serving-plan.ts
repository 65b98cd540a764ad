import type { ArtifactRef } from '../digest.ts'
import type { OutputComparison, RuntimeConfig, SignatureMapping } from '../model-config/schema.ts'
import type { Signature } from '../tensor/tensor.ts'

/** One version that a node shall hold loaded. */
export interface PlannedVersion {
  readonly number: number
  readonly digest: string
  readonly commit: string
  readonly entryPoint: string
  readonly files: readonly ArtifactRef[]
  /** Golden samples, used for warm-up; paths are below `golden/`. */
  readonly golden: readonly ArtifactRef[]
  readonly signature: Signature
  readonly runtime: RuntimeConfig
  /** Answers classify and regress calls, by `signature_name`; from `model.yaml`. */
  readonly signatures: Readonly<Record<string, SignatureMapping>>
  /** Names of classes by output; from `model.yaml`. */
  readonly classLabels: Readonly<Record<string, readonly string[]>>
  /** Proved in quarantine: rows run alone, stacked and permuted agree, so the first axis is a batch axis. */
  readonly batchable: boolean
  /** What quarantine measured; null for a version that was validated before that was recorded. */
  readonly measured: MeasuredCost | null
  /** W3C trace context of the rollout that brought this version; null when there is none. */
  readonly traceparent: string | null
}

/** What a version cost in quarantine: decides where and how a node loads it. */
export interface MeasuredCost {
  /** Time of the load alone. */
  readonly loadMs: number
  /** Peak resident memory of the process, its own about 100 MiB included. */
  readonly memoryBytes: number
}

/** How run times are compared apart. */
export interface LatencyPlan {
  /** Share of the mirrored batches that are also run apart, on both versions in one executor: 0 to 1. */
  readonly share: number
  /** A run of the candidate longer than this counts as slow; null: none does. */
  readonly overMs: number | null
}

/** What a node mirrors, and who answers clients, while a rollout collects evidence. */
export interface MirrorPlan {
  readonly rolloutId: string
  readonly seriesId: string
  /** `shadow`, `canary-<percent>` or `bake`: the step that counters belong to. */
  readonly step: string
  readonly baseline: number
  readonly candidate: number
  /** Share of live batches that run on both versions, 0 to 1. */
  readonly sample: number
  /**
   * Share of requests without a version of their own that the candidate answers: 0 in shadow, the weight in canary, 1 in bake, when the label
   * `live` points to it. Baseline and candidate keep their roles throughout.
   */
  readonly candidateShare: number
  readonly compare: Readonly<Record<string, OutputComparison>>
  /** Null: run times are not compared. */
  readonly latency: LatencyPlan | null
  /** Request header whose value splits what is counted; null: none. */
  readonly segmentHeader: string | null
  /** Both answers of the row that counts are kept, to be scored when an outcome is reported. */
  readonly keepAnswers: boolean
  /** Captured requests run through both versions, each once. */
  readonly replay: boolean
  /** Inputs of example pairs are kept besides outputs, encrypted. */
  readonly storeInputs: boolean
  readonly traceparent: string | null
}

/** Live requests that a node keeps, encrypted, to be replayed through new versions. */
export interface CapturePlan {
  readonly share: number
  readonly maxRequests: number
  readonly maxBytes: number
  readonly maxAgeMs: number
  readonly redact: readonly string[]
}

/** Everything a node needs to know about one model. `labels` point only to versions of `versions`. */
export interface ModelPlan {
  readonly model: string
  readonly generation: number
  readonly versions: readonly PlannedVersion[]
  readonly labels: Readonly<Record<string, number>>
  readonly mirror: MirrorPlan | null
  /** Null: no request is kept. */
  readonly capture: CapturePlan | null
  /** Share of live answers that are kept outside of rollouts, for outcomes that are reported later; 0: none. */
  readonly keepAnswersShare: number
}

/** What an API key may be used for: to ask for predictions and what belongs to them, to report outcomes of predictions. */
export const KEY_VERBS = ['predict', 'report'] as const
export type KeyVerb = (typeof KEY_VERBS)[number]

/** An API key as nodes know it: enough to check one, nothing that could be used as one. */
export interface PlannedKey {
  /** The part of the key that is no secret. */
  readonly id: string
  /** HMAC-SHA256 of the secret part under the installation's key, hex. */
  readonly hmac: string
  /** Models it may be used for; null means all. */
  readonly models: readonly string[] | null
  readonly verbs: readonly KeyVerb[]
  /** Milliseconds since the epoch; null means it does not expire. */
  readonly expiresAtMs: number | null
}

/** The plan of a node, read whole in one snapshot. A model that is left out is unloaded. */
export interface ServingPlan {
  /** Milliseconds since the epoch, by the database's clock. */
  readonly readAtMs: number
  readonly models: readonly ModelPlan[]
  /** API keys that are neither revoked nor long expired. */
  readonly keys: readonly PlannedKey[]
}
