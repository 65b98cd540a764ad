import { randomUUID } from 'node:crypto'
import { chmod, constants, copyFile, link, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { ArtifactRef } from '@understudy/core'
import { syncDirectory } from './durable-file.ts'
import type { FileIdentity } from './hash-file.ts'
import { checkSafePath } from './safe-path.ts'
import { TEMPORARY_PREFIX } from './sweep.ts'

/** What `materialize` needs of a store. */
export interface ObjectSource {
  path(sha256: string): string
  verify(ref: FileIdentity): Promise<void>
}

/** See `ArtifactStore.materialize`. */
export async function materialize(
  store: ObjectSource,
  files: readonly ArtifactRef[],
  directory: string,
): Promise<void> {
  for (const file of files) checkSafePath(file.path)
  const target = path.resolve(directory)
  if (await holdsExactly(target, files)) return
  const parent = path.dirname(target)
  if (await mkdir(parent, { recursive: true })) await chmod(parent, 0o755)
  const temporary = path.join(parent, `${TEMPORARY_PREFIX}${randomUUID()}`)
  try {
    await build(store, files, temporary)
    await replace(temporary, target, files)
    await syncDirectory(parent)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

async function build(store: ObjectSource, files: readonly ArtifactRef[], directory: string): Promise<void> {
  await makeFolder(directory)
  for (const file of files) {
    await store.verify(file)
    const steps = file.path.split('/').slice(0, -1)
    for (const [index] of steps.entries())
      await makeFolder(path.join(directory, ...steps.slice(0, index + 1)))
    await linkOrCopy(store.path(file.sha256), path.join(directory, file.path))
  }
}

/** Readable and enterable by every uid, whatever the umask: executors run under a uid of their own. */
async function makeFolder(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  await chmod(directory, 0o755)
}

async function linkOrCopy(object: string, target: string): Promise<void> {
  try {
    await link(object, target)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw error
    await copyFile(object, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    await chmod(target, 0o444)
  }
}

/** Moves the finished directory into place. A broken one that stands there goes first; a good one of another process stays. */
async function replace(finished: string, target: string, files: readonly ArtifactRef[]): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await rename(finished, target)
      return
    } catch (error) {
      if (await holdsExactly(target, files)) return
      if (attempt >= 3) throw error
      const aside = path.join(path.dirname(target), `${TEMPORARY_PREFIX}${randomUUID()}`)
      await rename(target, aside).catch(() => undefined)
      await rm(aside, { recursive: true, force: true })
    }
  }
}

/** Every file with its size and nothing else. Content was verified on the way in and is read-only. */
async function holdsExactly(directory: string, files: readonly ArtifactRef[]): Promise<boolean> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => undefined)
  if (!entries) return false
  const present = entries.filter((entry) => !entry.isDirectory()).length
  if (present !== new Set(files.map((file) => file.path)).size) return false
  for (const file of files) {
    const found = await lstat(path.join(directory, file.path)).catch(() => undefined)
    if (!found?.isFile() || found.size !== file.sizeBytes) return false
  }
  return true
}
