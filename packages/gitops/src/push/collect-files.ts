import { lstat, readdir } from 'node:fs/promises'
import path from 'node:path'
import { PlatformError } from '@understudy/core'
import { checkSafePath } from '../artifacts/safe-path.ts'
import { ENTRY_POINT, SNAPSHOT_LIMITS } from '../snapshot/limits.ts'
import { readExternalDataNames } from './external-data.ts'

/** One file to push: from where, and under which name below the version directory. */
export interface PushedFile {
  readonly source: string
  readonly path: string
}

export interface PushedFiles {
  readonly serving: readonly PushedFile[]
  readonly golden: readonly PushedFile[]
}

async function regularFile(file: string): Promise<number> {
  const found = await lstat(file).catch(() => undefined)
  if (!found) throw new PlatformError('gitops.model_file_missing', `${file} does not exist.`)
  if (!found.isFile()) throw new PlatformError('gitops.symlink_refused', `${file} is no regular file.`)
  return found.size
}

/**
 * What belongs to a version: the model (as `model.onnx`), the weights that it names beside it, and the golden samples.
 *
 * @param goldenDir folder of golden samples; undefined takes a `golden` folder beside the model, if there is one
 * @throws PlatformError `gitops.model_file_missing`, `gitops.file_empty`, `gitops.symlink_refused`, `gitops.path_refused`
 */
export async function collectFiles(modelFile: string, goldenDir: string | undefined): Promise<PushedFiles> {
  const folder = path.dirname(modelFile)
  if ((await regularFile(modelFile)) === 0)
    throw new PlatformError('gitops.file_empty', `${modelFile} has 0 bytes.`)
  const serving: PushedFile[] = [{ source: modelFile, path: ENTRY_POINT }]
  for (const name of await readExternalDataNames(modelFile)) {
    const source = path.join(folder, checkSafePath(name))
    await regularFile(source)
    serving.push({ source, path: name })
  }
  const beside = path.join(folder, 'golden')
  const hasBeside = (await lstat(beside).catch(() => undefined))?.isDirectory() ?? false
  const from = goldenDir ?? (hasBeside ? beside : undefined)
  return { serving, golden: from === undefined ? [] : await collectGolden(from) }
}

async function collectGolden(folder: string): Promise<PushedFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new PlatformError('gitops.golden_invalid', `${folder} cannot be read.`, { cause })
  })
  if (entries.length > SNAPSHOT_LIMITS.maxFilesPerVersion) {
    throw new PlatformError('gitops.too_many_files', `${folder} holds ${entries.length} files.`)
  }
  const files: PushedFile[] = []
  for (const entry of entries) {
    if (entry.isDirectory()) continue
    const source = path.join(entry.parentPath, entry.name)
    await regularFile(source)
    const name = path.relative(folder, source).split(path.sep).join('/')
    files.push({ source, path: `golden/${checkSafePath(name)}` })
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}
