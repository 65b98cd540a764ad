import type { Problem } from './problem.ts'

/** What a file of a version is for. Only serving files make the digest; the others may change without another version. */
export type FileKind = 'serving' | 'golden' | 'meta'

export interface SnapshotFile {
  /** Below the version directory. */
  readonly path: string
  readonly mode: string
  /** Names the bytes in their {@link BlobSource}; the same bytes have the same id. */
  readonly oid: string
  readonly sizeBytes: number
  readonly kind: FileKind
}

/** A numbered directory of a model, as it stands in one commit. */
export interface VersionSnapshot {
  readonly model: string
  readonly number: number
  /** From the root of the repository. */
  readonly path: string
  /** Ordered by path. With problems, files that were refused are left out. */
  readonly files: readonly SnapshotFile[]
  /** Changes exactly when a serving file changes, appears or disappears. */
  readonly servingFingerprint: string
  /** The same for golden samples. */
  readonly goldenFingerprint: string
  /** Number of the version that this one is a compressed form of, as its `version.yaml` says; null when it says none. */
  readonly variantOf: number | null
  /** Why this version cannot be taken; empty when it can. */
  readonly problems: readonly Problem[]
}

export interface ModelSnapshot {
  readonly name: string
  /** `model.yaml` as it stands; undefined when there is none, or when {@link problems} says why it was refused. */
  readonly configText: string | undefined
  /** Ascending by number. */
  readonly versions: readonly VersionSnapshot[]
  /** What concerns no numbered version: a directory that is no number, a refused `model.yaml`. */
  readonly problems: readonly Problem[]
}

/** What one commit holds, by model. Nothing in it depends on what was recorded before. */
export interface RepositorySnapshot {
  readonly commit: string
  /** Ordered by name. */
  readonly models: readonly ModelSnapshot[]
  /** What belongs to no model: a directory whose name no model may have. */
  readonly problems: readonly Problem[]
}
