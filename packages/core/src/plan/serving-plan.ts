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

/** What a node mirrors while a rollout collects evidence. */
export interface MirrorPlan {
  readonly rolloutId: string
  readonly seriesId: string
  readonly step: string
  readonly baseline: number
  readonly candidate: number
  /** Share of live batches that also run on the candidate, 0 to 1. */
  readonly sample: number
  readonly compare: Readonly<Record<string, OutputComparison>>
  readonly traceparent: string | null
}

/** Everything a node needs to know about one model. `labels` point only to versions of `versions`. */
export interface ModelPlan {
  readonly model: string
  readonly generation: number
  readonly versions: readonly PlannedVersion[]
  readonly labels: Readonly<Record<string, number>>
  readonly mirror: MirrorPlan | null
}

/** What an API key may be used for. */
export const KEY_VERBS = ['predict'] as const
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
