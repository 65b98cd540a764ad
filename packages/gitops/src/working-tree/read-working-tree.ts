import { constants, createReadStream } from 'node:fs'
import { lstat, open, readdir } from 'node:fs/promises'
import path from 'node:path'
import { PlatformError } from '@understudy/core'
import type { BlobSource } from '../mirror/blob-source.ts'
import type { TreeEntry } from '../mirror/tree-entry.ts'
import { SNAPSHOT_LIMITS } from '../snapshot/limits.ts'
import { parseSnapshot } from '../snapshot/parse-snapshot.ts'
import type { RepositorySnapshot } from '../snapshot/repository-snapshot.ts'
import { neededTexts, withTexts } from '../snapshot/with-texts.ts'

const MAX_ENTRIES = 100_000

/** A snapshot of files that no commit holds yet, and where their bytes are. */
export interface WorkingTree extends BlobSource {
  readonly snapshot: RepositorySnapshot
}

/** What a path given by a person names. `below` are paths from the root of the repository, or none for all of it. */
export interface WorkingTreeScope {
  readonly root: string
  readonly below: readonly string[]
}

/** Reads a working directory as if it had been committed: links are seen as links and never followed, special files are refused. */
export async function readWorkingTree({ root, below }: WorkingTreeScope): Promise<WorkingTree> {
  const entries: TreeEntry[] = []
  for (const start of below) await collect(root, start, entries)
  const source = new WorkingTreeFiles(root)
  const parsed = parseSnapshot('', entries)
  const texts = new Map<string, Uint8Array>()
  for (const oid of neededTexts(parsed).oids) texts.set(oid, await source.readSmall(oid))
  return { snapshot: withTexts(parsed, texts), openBlob: (oid) => source.openBlob(oid) }
}

async function collect(root: string, name: string, entries: TreeEntry[]): Promise<void> {
  const found = await lstat(path.join(root, name)).catch(() => undefined)
  if (!found) return
  if (found.isDirectory()) {
    for (const child of await readdir(path.join(root, name))) await collect(root, `${name}/${child}`, entries)
    return
  }
  const mode = found.isFile() ? '100644' : found.isSymbolicLink() ? '120000' : '000000'
  entries.push({ mode, oid: name, sizeBytes: found.size, path: name })
  if (entries.length > MAX_ENTRIES) {
    throw new PlatformError('gitops.too_many_files', `${root} holds more than ${MAX_ENTRIES} files.`)
  }
}

/** Files by their path below the root, which stands for their object id. */
class WorkingTreeFiles implements BlobSource {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  async *openBlob(oid: string): AsyncGenerator<Uint8Array, void, undefined> {
    const handle = await open(path.join(this.#root, oid), constants.O_RDONLY | constants.O_NOFOLLOW)
    yield* createReadStream('', { fd: handle })
  }

  async readSmall(oid: string): Promise<Uint8Array> {
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of this.openBlob(oid)) {
      size += chunk.byteLength
      if (size > SNAPSHOT_LIMITS.maxConfigBytes)
        throw new PlatformError('gitops.file_too_large', `${oid} is too large.`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  }
}
