import { type ArtifactRef, modelDigest, sha256Hex } from '@understudy/core'
import type { CommitInfo, Problem, SyncAction, VersionSnapshot } from '@understudy/gitops'
import type { IngestedVersion, SyncStep } from '../../src/index.ts'

const DAY = 86_400_000

/** A commit by Ada; the same subject gives the same commit. */
export function commitOf(subject: string, at = 20_000 * DAY): CommitInfo {
  return {
    commit: sha256Hex(subject).slice(0, 40),
    authorName: 'Ada',
    authorEmail: 'ada@example.org',
    committedAtMs: at,
    subject,
  }
}

function fileOf(path: string, bytes: string): ArtifactRef {
  return { path, sha256: sha256Hex(bytes), sizeBytes: bytes.length }
}

/** The digest that a version of these bytes has. */
export function digestOf(bytes: string): string {
  return modelDigest([fileOf('model.onnx', bytes)], 'model.onnx')
}

export interface PushedFiles {
  readonly bytes: string
  readonly golden?: string | undefined
}

function snapshotOf(model: string, number: number, { bytes, golden = '' }: PushedFiles): VersionSnapshot {
  return {
    model,
    number,
    path: `models/${model}/${number}`,
    files: [],
    servingFingerprint: sha256Hex(`serving ${bytes}`),
    goldenFingerprint: sha256Hex(`golden ${golden}`),
    variantOf: null,
    problems: [],
  }
}

function ingested(model: string, number: number, { bytes, golden }: PushedFiles): IngestedVersion {
  return {
    digest: digestOf(bytes),
    entryPoint: 'model.onnx',
    serving: [fileOf('model.onnx', bytes)],
    golden: golden === undefined ? [] : [fileOf('samples.json', golden)],
    commit: commitOf(`push ${model} v${number}`),
  }
}

/** Steps of a sync, as `planSync` and the ingest of bytes give them. */
export const step = {
  newModel: (model: string, configText: string | null): SyncStep => ({
    action: { type: 'newModel', model, configText },
    ingested: null,
  }),
  config: (model: string, configText: string | null): SyncStep => ({
    action: { type: 'configChanged', model, configText },
    ingested: null,
  }),
  problems: (model: string, problems: readonly Problem[]): SyncStep => ({
    action: { type: 'problemsChanged', model, problems },
    ingested: null,
  }),
  newVersion: (model: string, number: number, files: PushedFiles): SyncStep => ({
    action: { type: 'newVersion', model, number, version: snapshotOf(model, number, files) },
    ingested: ingested(model, number, files),
  }),
  golden: (model: string, number: number, files: PushedFiles): SyncStep => ({
    action: { type: 'goldenChanged', model, number, version: snapshotOf(model, number, files) },
    ingested: ingested(model, number, files),
  }),
  tip: (action: Extract<SyncAction, { readonly number: number }>): SyncStep => ({ action, ingested: null }),
}
