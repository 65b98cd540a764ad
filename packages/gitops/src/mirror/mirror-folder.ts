import { mkdir, readdir, realpath, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { gitClient } from '../git/git-client.ts'
import { mirrorConfig, writeMirrorConfig } from './mirror-config.ts'

export interface MirrorFolder {
  readonly gitFolder: string
  readonly home: string
}

export function mirrorFolder(folder: string): MirrorFolder {
  return { gitFolder: path.join(folder, 'mirror.git'), home: path.join(folder, 'home') }
}

/** Every name under which git may meet the repository: as written, without links, and the `.git` inside a clone. */
async function namesOf(localPath: string | undefined): Promise<string[]> {
  if (localPath === undefined) return []
  const real = await realpath(localPath).catch(() => localPath)
  return [...new Set([localPath, real].flatMap((name) => [name, path.join(name, '.git')]))]
}

async function removeLocksIn(folder: string, recursive: boolean): Promise<void> {
  const entries = await readdir(folder, { recursive, withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    if (!entry.isFile() || !entry.name.endsWith('.lock')) continue
    await rm(path.join(entry.parentPath, entry.name), { force: true })
  }
}

async function removeStaleLocks(gitFolder: string): Promise<void> {
  await removeLocksIn(gitFolder, false)
  await removeLocksIn(path.join(gitFolder, 'refs'), true)
  await removeLocksIn(path.join(gitFolder, 'objects', 'info'), true)
}

/**
 * Guarantees a bare repository that git can use, whatever a crash left there: half-made ones are made again, locks of dead
 * processes are removed (one process owns the folder, so no live one holds a lock now).
 */
export async function ensureMirrorFolder(
  folder: MirrorFolder,
  options: {
    readonly localPath: string | undefined
    readonly environment: Readonly<Record<string, string>>
    readonly timeoutMs: number
  },
): Promise<void> {
  await mkdir(folder.gitFolder, { recursive: true })
  const safe = [folder.gitFolder, ...(await namesOf(options.localPath))]
  await writeMirrorConfig(folder.home, mirrorConfig(safe))
  await removeStaleLocks(folder.gitFolder)
  if (await stat(path.join(folder.gitFolder, 'understudy-ready')).catch(() => undefined)) return
  await rm(folder.gitFolder, { recursive: true, force: true })
  await mkdir(folder.gitFolder, { recursive: true })
  const git = gitClient({ folder: folder.gitFolder, ...options })
  await git.raw(['init', '--bare', '--quiet'])
  await mkdir(path.join(folder.gitFolder, 'understudy-ready'))
}
