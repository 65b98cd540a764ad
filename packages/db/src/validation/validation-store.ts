import type { ArtifactRef, ModelConfig, OutputComparison, Signature } from '@understudy/core'
import { audit } from '../audit/audit.ts'
import type { Tx } from '../database.ts'
import { storableJson, storableText } from '../node/storable-text.ts'
import { storedConfig } from '../node/stored-config.ts'
import { notifyChange } from '../notify.ts'
import type { Reason } from '../record/model-record.ts'
import { requestWork } from '../work/work-queue.ts'
import { loadLiveSignature } from './live-signature.ts'

/** What there is to validate. */
export interface VersionToValidate {
  readonly model: string
  readonly number: number
  readonly digest: string
  readonly entryPoint: string
  readonly configText: string | null
  readonly config: ModelConfig
  readonly serving: readonly ArtifactRef[]
  readonly golden: readonly ArtifactRef[]
  readonly goldenFingerprint: string
  /** Signature of what is live, for the contract; null when nothing is. */
  readonly liveSignature: Signature | null
  readonly traceparent: string | null
}

/** Reads a version that still has to be validated; undefined when there is none under this number, or no more. */
export async function loadVersionToValidate(
  tx: Tx,
  model: string,
  number: number,
): Promise<VersionToValidate | undefined> {
  const row = await tx.modelVersion.findUnique({
    where: { modelName_number: { modelName: model, number } },
    include: { files: { orderBy: { path: 'asc' } }, model: true },
  })
  if (!row || row.refused || (row.state !== 'discovered' && row.state !== 'validating')) return undefined
  const live = await loadLiveSignature(tx, model)
  const ofKind = (kind: string) =>
    row.files
      .filter((file) => file.kind === kind)
      .map(
        (file): ArtifactRef => ({ path: file.path, sha256: file.sha256, sizeBytes: Number(file.sizeBytes) }),
      )
  return {
    model,
    number,
    digest: row.digest,
    entryPoint: row.entryPoint,
    configText: row.model.configText,
    config: storedConfig(row.model.config),
    serving: ofKind('serving'),
    golden: ofKind('golden'),
    goldenFingerprint: row.goldenFingerprint,
    liveSignature: live?.signature ?? null,
    traceparent: row.traceparent,
  }
}

export type ValidationResult =
  | {
      readonly ok: true
      readonly signature: Signature
      readonly batchable: boolean
      readonly loadMs: number
      readonly memoryBytes: number
      /** How outputs are compared where `model.yaml` does not say, by output. */
      readonly comparisons: Readonly<Record<string, OutputComparison>>
    }
  | { readonly ok: false; readonly reasons: readonly Reason[] }

/** What became of a version while it was being validated. */
async function lockVersion(tx: Tx, version: VersionToValidate): Promise<'same' | 'changed' | 'done'> {
  const { model, number } = version
  const [contract] = await tx.$queryRaw<{ text: string | null }[]>`
    SELECT config_text AS text FROM model WHERE name = ${model} FOR SHARE`
  const [row] = await tx.$queryRaw<{ state: string; golden: string }[]>`
    SELECT state, golden_fingerprint AS golden FROM model_version
    WHERE model = ${model} AND number = ${number} AND NOT refused FOR UPDATE`
  if (!contract || !row || (row.state !== 'discovered' && row.state !== 'validating')) return 'done'
  return contract.text === version.configText && row.golden === version.goldenFingerprint ? 'same' : 'changed'
}

/**
 * Records what validation found and asks for the model to be looked at, last in the transaction.
 *
 * When `model.yaml` or the golden samples changed meanwhile, the result speaks of what is gone: the version is validated again.
 */
export async function recordValidation(
  tx: Tx,
  version: VersionToValidate,
  result: ValidationResult,
): Promise<void> {
  const { model, number } = version
  const current = await lockVersion(tx, version)
  if (current === 'changed') await requestWork(tx, 'version', `${model}/${number}`, version.traceparent)
  if (current !== 'same') return
  await tx.modelVersion.update({
    where: { modelName_number: { modelName: model, number } },
    data: result.ok
      ? {
          state: 'validated',
          reasons: [],
          signature: JSON.parse(storableJson(result.signature)),
          batchable: result.batchable,
          loadMs: result.loadMs,
          memoryBytes: Math.round(result.memoryBytes),
          comparisons: JSON.parse(storableJson(result.comparisons)),
          validatedAt: new Date(),
        }
      : {
          state: 'rejected',
          reasons: result.reasons.map(({ code, message }) => ({ code, message: storableText(message) })),
          validatedAt: null,
        },
  })
  await requestWork(tx, 'model', model, version.traceparent)
  await notifyChange(tx, 'record')
  const why = result.ok ? '' : `: ${result.reasons.map((reason) => reason.message).join(' ')}`
  await audit(tx, {
    actor: 'controller',
    action: result.ok ? 'validated' : 'rejected',
    model,
    number,
    sentence: `${model} v${number} ${result.ok ? 'passed validation' : 'was rejected'}${why}`,
    details: {
      digest: version.digest,
      ...(result.ok ? { batchable: result.batchable, loadMs: result.loadMs } : { reasons: result.reasons }),
    },
  })
}
