import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import {
  type ArtifactRef,
  defaultModelConfig,
  isPlatformError,
  type ModelConfig,
  mappingMistakes,
  type OutputComparison,
  parseModelConfig,
  type Signature,
  versionName,
} from '@understudy/core'
import { ATTRIBUTES, tracer, withSpan } from '@understudy/telemetry'
import type { ArtifactStore } from '../artifacts/artifact-store.ts'
import { TEMPORARY_PREFIX } from '../artifacts/sweep.ts'
import { ENTRY_POINT } from '../snapshot/limits.ts'
import { checkFiles } from './check-files.ts'
import type { GoldenText, QuarantinePort, QuarantineReport } from './quarantine-port.ts'
import { readGolden } from './read-golden.ts'
import { type Reason, reason, tidyReasons } from './reason.ts'

export interface ValidationInput {
  readonly model: string
  readonly number: number
  /** `model.yaml`; null when there is none and the defaults count. */
  readonly configText: string | null
  /** Why the snapshot refused this version or its `model.yaml`; each becomes a reason. */
  readonly problems?: readonly Reason[]
  readonly files: readonly ArtifactRef[]
  readonly golden: readonly ArtifactRef[]
  /** Signature of the live version; without it there is no contract to keep. */
  readonly liveSignature?: Signature | undefined
}

export interface ValidationPorts {
  readonly store: ArtifactStore
  readonly quarantine: QuarantinePort
  /** What of the live contract the next version breaks, in sentences; empty when nothing. Pure. */
  readonly compareContract: (live: Signature, next: Signature) => readonly string[]
  /** Directories are built below it for the run and removed after. Same file system as the store: links, no copies. */
  readonly workFolder: string
}

export type ValidationReport =
  | {
      readonly ok: true
      readonly signature: Signature
      readonly batchable: boolean
      readonly loadMs: number
      readonly memoryBytes: number
      readonly comparisons: Readonly<Record<string, OutputComparison>>
      readonly config: ModelConfig
    }
  | { readonly ok: false; readonly reasons: readonly Reason[] }

/**
 * Decides whether a version may be tried: contract text, files, golden samples, a load in quarantine, the live contract, and whether
 * the signatures and labels of `model.yaml` fit the model.
 *
 * A step that cannot say anything useful after a failed one is not run; all reasons of a step are collected, in a fixed order.
 * @throws PlatformError only when the platform itself failed (`gitops.digest_mismatch`, …): the version is not to blame, try again
 */
export async function validateVersion(
  input: ValidationInput,
  ports: ValidationPorts,
  signal?: AbortSignal,
): Promise<ValidationReport> {
  const attributes = { [ATTRIBUTES.model]: input.model, [ATTRIBUTES.version]: input.number }
  return await withSpan(tracer('gitops'), 'gitops.validate', { attributes }, async () => {
    const read = await readInput(input, ports.store)
    if ('reasons' in read) return rejected(read.reasons)
    const loaded = await loadInQuarantine(input, read, ports, signal)
    if (!loaded.ok) {
      return rejected(loaded.reasons.map((error) => reason(error.code, error.message)))
    }
    const changes = input.liveSignature ? ports.compareContract(input.liveSignature, loaded.signature) : []
    const mistakes = mappingMistakes(loaded.signature, read.config)
    const reasons = [...contractReasons(input, changes), ...mappingReasons(input, mistakes)]
    if (reasons.length > 0) return rejected(reasons)
    const { signature, batchable, loadMs, memoryBytes, comparisons } = loaded
    return { ok: true, signature, batchable, loadMs, memoryBytes, comparisons, config: read.config }
  })
}

function rejected(reasons: readonly Reason[]): ValidationReport {
  return { ok: false, reasons: tidyReasons(reasons) }
}

interface ReadInput {
  readonly config: ModelConfig
  readonly samples: readonly GoldenText[]
}

/** Everything that can be said without loading the model. */
async function readInput(
  input: ValidationInput,
  store: ArtifactStore,
): Promise<ReadInput | { readonly reasons: readonly Reason[] }> {
  const config = readConfig(input)
  const fileReasons = await checkFiles(input, input.files, store)
  const golden = await readGolden(store, input.golden)
  const problems = (input.problems ?? []).map((one) => reason(one.code, one.message))
  const reasons = [...problems, ...('code' in config ? [config] : []), ...fileReasons, ...golden.reasons]
  if (reasons.length > 0 || 'code' in config) return { reasons }
  return { config, samples: golden.samples }
}

function readConfig({ model, configText }: ValidationInput): ModelConfig | Reason {
  if (configText === null) return defaultModelConfig()
  try {
    return parseModelConfig(configText, `models/${model}/model.yaml`)
  } catch (error) {
    if (isPlatformError(error) && error.fault === 'modelAuthor') return reason(error.code, error.message)
    throw error
  }
}

async function loadInQuarantine(
  input: ValidationInput,
  { config, samples }: ReadInput,
  ports: ValidationPorts,
  signal: AbortSignal | undefined,
): Promise<QuarantineReport> {
  const directory = path.join(ports.workFolder, `${TEMPORARY_PREFIX}${randomUUID()}`)
  try {
    await ports.store.materialize(input.files, directory)
    const modelPath = path.join(directory, ENTRY_POINT)
    return await ports.quarantine.run({ modelPath, golden: samples, runtime: config.runtime }, signal)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function contractReasons(input: ValidationInput, changes: readonly string[]): Reason[] {
  const name = versionName(input.model, input.number)
  return changes.map((change) =>
    reason('onnx.contract_changed', `${name} breaks the contract of the live version: ${change}`),
  )
}

function mappingReasons({ model, number }: ValidationInput, mistakes: readonly string[]): Reason[] {
  const name = versionName(model, number)
  return mistakes.map((mistake) =>
    reason('gitops.mapping_invalid', `models/${model}/model.yaml does not fit ${name}: ${mistake}.`),
  )
}
