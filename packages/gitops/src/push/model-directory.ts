import { copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { parseVersionNumber } from '@understudy/core'
import { hashFile } from '../artifacts/hash-file.ts'
import { fileKind } from '../snapshot/parse-version.ts'
import type { PushedFile, PushedFiles } from './collect-files.ts'

/** The highest version number among the directories of a model; 0 when there is none. */
export async function highestNumber(modelFolder: string): Promise<number> {
  let highest = 0
  for (const entry of await readdir(modelFolder, { withFileTypes: true }).catch(() => [])) {
    if (/^[1-9][0-9]*$/.test(entry.name)) highest = Math.max(highest, parseVersionNumber(entry.name))
  }
  return highest
}

/** True when a version directory holds these serving files, byte by byte, and no others. */
export async function holdsServingFiles(directory: string, files: readonly PushedFile[]): Promise<boolean> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  const present = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) =>
      path.relative(directory, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'),
    )
    .filter((name) => fileKind(name) === 'serving')
  if (present.length !== files.length) return false
  for (const file of files) {
    const there = await hashFile(path.join(directory, file.path)).catch(() => undefined)
    if (there?.sha256 !== (await hashFile(file.source)).sha256) return false
  }
  return true
}

/** Copies a version into its directory, which appears whole or not at all. */
export async function copyVersion(files: PushedFiles, directory: string, temporary: string): Promise<void> {
  await rm(temporary, { recursive: true, force: true })
  for (const file of [...files.serving, ...files.golden]) {
    const target = path.join(temporary, file.path)
    await mkdir(path.dirname(target), { recursive: true })
    await copyFile(file.source, target)
  }
  await mkdir(path.dirname(directory), { recursive: true })
  await rename(temporary, directory)
}
