import { createHash } from 'node:crypto'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { PlatformError } from '@understudy/core'
import type { FormInput } from './form-request.ts'

const CHUNK_BYTES = 1024 * 1024

/**
 * Gives every byte of an artifact to `visit`, front to back, and guarantees afterwards that they were the right ones.
 * A symlink is not followed; more than the expected bytes are never read.
 *
 * @throws PlatformError `serving.artifact_damaged`, after some bytes were visited
 */
export function readArtifact(input: FormInput, visit?: (chunk: Uint8Array, offset: number) => void): void {
  const fd = openArtifact(input)
  try {
    const hash = createHash('sha256')
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    let offset = 0
    for (;;) {
      const count = readSync(fd, buffer, 0, CHUNK_BYTES, offset)
      if (count === 0) break
      const chunk = buffer.subarray(0, count)
      hash.update(chunk)
      if (offset + count <= input.sizeBytes) visit?.(chunk, offset)
      offset += count
      if (offset > input.sizeBytes) break
    }
    const sha256 = hash.digest('hex')
    if (offset !== input.sizeBytes)
      throw damaged(input, `has ${offset > input.sizeBytes ? 'more' : offset} bytes`)
    if (sha256 !== input.sha256) throw damaged(input, `has sha256 ${sha256}`)
  } finally {
    closeSync(fd)
  }
}

/** @throws PlatformError `serving.artifact_damaged` */
export function openArtifact(input: FormInput): number {
  try {
    return openSync(input.objectPath, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ELOOP'))
      throw damaged(input, 'is missing', cause)
    throw cause
  }
}

function damaged(input: FormInput, found: string, cause?: unknown): PlatformError {
  return new PlatformError(
    'serving.artifact_damaged',
    `The stored file of "${input.path}" ${found}; expected ${input.sizeBytes} bytes with sha256 ${input.sha256}. ` +
      `Restore ${input.objectPath} from another copy; the load is tried again by itself.`,
    { details: { path: input.path, sha256: input.sha256 }, cause },
  )
}
