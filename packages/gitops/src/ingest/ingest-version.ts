import { type ArtifactRef, modelDigest, PlatformError } from '@understudy/core'
import { ATTRIBUTES, tracer, withSpan } from '@understudy/telemetry'
import type { ArtifactStore } from '../artifacts/artifact-store.ts'
import type { BlobSource } from '../mirror/blob-source.ts'
import { ENTRY_POINT } from '../snapshot/limits.ts'
import type { FileKind, SnapshotFile, VersionSnapshot } from '../snapshot/repository-snapshot.ts'

/** A version whose bytes lie in the artifact store. Paths are below the version directory, ordered. */
export interface IngestedVersion {
  readonly entryPoint: string
  /** Serving files. */
  readonly files: readonly ArtifactRef[]
  /** Golden samples; paths begin with `golden/`. */
  readonly golden: readonly ArtifactRef[]
  readonly modelDigest: string
  readonly sizeBytes: number
}

/**
 * Brings the bytes of a version into the store and names it by them. Idempotent: a crash in between costs only the work.
 *
 * Precondition: the version has no problems.
 * @throws PlatformError `gitops.mirror_damaged`, `gitops.file_too_large`, `gitops.digest_mismatch`
 */
export async function ingestVersion(
  source: BlobSource,
  version: VersionSnapshot,
  store: ArtifactStore,
  signal?: AbortSignal,
): Promise<IngestedVersion> {
  const attributes = { [ATTRIBUTES.model]: version.model, [ATTRIBUTES.version]: version.number }
  return await withSpan(tracer('gitops'), 'gitops.ingest', { attributes }, async () => {
    const files = await ingestFiles({ source, version, store, signal }, 'serving')
    const golden = await ingestFiles({ source, version, store, signal }, 'golden')
    return {
      entryPoint: ENTRY_POINT,
      files,
      golden,
      modelDigest: modelDigest(files, ENTRY_POINT),
      sizeBytes: files.reduce((total, file) => total + file.sizeBytes, 0),
    }
  })
}

interface Ingest {
  readonly source: BlobSource
  readonly version: VersionSnapshot
  readonly store: ArtifactStore
  readonly signal: AbortSignal | undefined
}

async function ingestFiles(ingest: Ingest, kind: FileKind): Promise<ArtifactRef[]> {
  const refs: ArtifactRef[] = []
  for (const file of ingest.version.files) {
    if (file.kind === kind) refs.push(await ingestFile(ingest, file))
  }
  return refs
}

/** The size is known beforehand, so it is the limit, and a stream that ends early is a failure. */
async function ingestFile(
  { source, version, store, signal }: Ingest,
  file: SnapshotFile,
): Promise<ArtifactRef> {
  const stored = await store.put(source.openBlob(file.oid, signal), file.sizeBytes)
  if (stored.sizeBytes !== file.sizeBytes) {
    throw new PlatformError(
      'gitops.digest_mismatch',
      `${version.path}/${file.path} gave ${stored.sizeBytes} bytes; expected ${file.sizeBytes}.`,
    )
  }
  return { path: file.path, ...stored }
}
