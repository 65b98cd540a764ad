import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { type ArtifactRef, PlatformError } from '@understudy/core'
import { syncDirectory } from './durable-file.ts'
import { type FileIdentity, hashFile } from './hash-file.ts'
import { materialize } from './materialize.ts'
import { sweepTemporaries, TEMPORARY_PREFIX } from './sweep.ts'

const SHA256 = /^[0-9a-f]{64}$/

/**
 * Files by the sha256 of their content, at `<root>/sha256/ab/<hash>`, read-only.
 *
 * An object appears whole or not at all (temporary file, hash, fsync, rename) and never changes; whoever links it may trust it.
 * Concurrency: any number of processes may share a root; putting the same bytes twice is one object.
 */
export class ArtifactStore {
  readonly root: string

  constructor(root: string) {
    this.root = path.resolve(root)
  }

  /** Where an object lies, whether or not it is there. */
  path(sha256: string): string {
    if (!SHA256.test(sha256))
      throw new PlatformError('gitops.path_refused', `"${sha256.slice(0, 80)}" is not a sha256.`)
    return path.join(this.root, 'sha256', sha256.slice(0, 2), sha256)
  }

  async has(sha256: string): Promise<boolean> {
    return (await stat(this.path(sha256)).catch(() => undefined))?.isFile() ?? false
  }

  /**
   * Stores a stream and names it by its content. On any failure nothing is left behind.
   *
   * @throws PlatformError `gitops.file_too_large` as soon as more than `limitBytes` came; the stream's own error
   */
  async put(source: AsyncIterable<Uint8Array>, limitBytes: number): Promise<FileIdentity> {
    const temporary = path.join(await this.#temporaryFolder(), `${TEMPORARY_PREFIX}${randomUUID()}`)
    try {
      const identity = await writeHashed(temporary, source, limitBytes)
      await this.#moveIn(temporary, identity.sha256)
      return identity
    } finally {
      await rm(temporary, { force: true })
    }
  }

  /**
   * Streams an object and fails at the end unless its bytes are those that it is named by.
   *
   * @throws PlatformError `gitops.digest_mismatch`, also when the object is missing
   */
  async *open(sha256: string): AsyncGenerator<Uint8Array, void, undefined> {
    const file = this.path(sha256)
    const hash = createHash('sha256')
    try {
      for await (const chunk of createReadStream(file)) {
        if (!(chunk instanceof Uint8Array)) continue
        hash.update(chunk)
        yield chunk
      }
    } catch (cause) {
      throw new PlatformError(
        'gitops.digest_mismatch',
        `The artifact ${sha256.slice(0, 8)}… cannot be read.`,
        { cause },
      )
    }
    if (hash.digest('hex') === sha256) return
    await rm(file, { force: true })
    throw new PlatformError(
      'gitops.digest_mismatch',
      `The artifact ${sha256.slice(0, 8)}… holds other bytes.`,
    )
  }

  /**
   * Guarantees that an object holds the bytes it is named by; one that does not is deleted, so that it is fetched again.
   *
   * @throws PlatformError `gitops.digest_mismatch`, also when the object is missing
   */
  async verify(ref: FileIdentity): Promise<void> {
    const file = this.path(ref.sha256)
    const found = await hashFile(file).catch(() => undefined)
    if (found?.sha256 === ref.sha256 && found.sizeBytes === ref.sizeBytes) return
    if (found && found.sha256 !== ref.sha256) await rm(file, { force: true })
    const what = found
      ? `holds other bytes (${found.sizeBytes} bytes, sha256 ${found.sha256.slice(0, 8)}…)`
      : 'is missing'
    throw new PlatformError(
      'gitops.digest_mismatch',
      `The artifact ${ref.sha256.slice(0, 8)}… ${what}; expected ${ref.sizeBytes} bytes.`,
    )
  }

  /**
   * Guarantees a directory with exactly these files, verified, read-only, under their own names; it appears whole or not at all.
   * Calling it again costs a look at the names and sizes.
   *
   * @throws PlatformError `gitops.digest_mismatch`, `gitops.path_refused`
   */
  async materialize(files: readonly ArtifactRef[], directory: string): Promise<void> {
    await materialize(this, files, directory)
  }

  /** Removes unfinished files of crashed processes. @defaultValue those untouched for an hour */
  async sweep(now: number, olderThanMs = 3_600_000): Promise<number> {
    return await sweepTemporaries(path.join(this.root, 'tmp'), { now, olderThanMs })
  }

  async #temporaryFolder(): Promise<string> {
    const folder = path.join(this.root, 'tmp')
    await mkdir(folder, { recursive: true })
    return folder
  }

  async #moveIn(temporary: string, sha256: string): Promise<void> {
    const target = this.path(sha256)
    const folder = path.dirname(target)
    await mkdir(folder, { recursive: true, mode: 0o755 })
    for (const one of [folder, path.dirname(folder)]) await chmod(one, 0o755).catch(() => undefined)
    await rename(temporary, target)
    await syncDirectory(folder)
  }
}

async function writeHashed(
  file: string,
  source: AsyncIterable<Uint8Array>,
  limitBytes: number,
): Promise<FileIdentity> {
  const handle = await open(file, 'wx', 0o600)
  try {
    const identity = await copyHashed(handle, source, limitBytes)
    await handle.chmod(0o444)
    await handle.sync()
    return identity
  } finally {
    await handle.close()
  }
}

async function copyHashed(
  handle: FileHandle,
  source: AsyncIterable<Uint8Array>,
  limitBytes: number,
): Promise<FileIdentity> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of source) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > limitBytes) {
      throw new PlatformError(
        'gitops.file_too_large',
        `A file has more than the ${limitBytes} bytes that are taken.`,
      )
    }
    hash.update(chunk)
    await writeAll(handle, chunk)
  }
  return { sha256: hash.digest('hex'), sizeBytes }
}

/** `FileHandle.write` may write less than it was given. */
async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  let offset = 0
  while (offset < chunk.byteLength) {
    const { bytesWritten } = await handle.write(chunk, offset, chunk.byteLength - offset)
    offset += bytesWritten
  }
}
