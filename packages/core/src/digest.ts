import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'

/** Text of a value in canonical JSON (RFC 8785): the same value gives the same bytes, whatever the order of its keys. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('canonical JSON needs a JSON value')
  return text
}

/** Lower-case hex sha256. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

/** One file of a version: its path below the version directory, its content's sha256 (hex) and its size. */
export interface ArtifactRef {
  readonly path: string
  readonly sha256: string
  readonly sizeBytes: number
}

/**
 * Names a version by its content: sha256 of the canonical JSON of its serving files, sorted by path, and the entry point.
 * Golden samples and `version.yaml` do not count: they may change without making another version.
 */
export function modelDigest(files: readonly ArtifactRef[], entryPoint: string): string {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
  return sha256Hex(
    canonicalJson({
      entryPoint,
      files: sorted.map((file) => ({ path: file.path, sha256: file.sha256, size: file.sizeBytes })),
    }),
  )
}
