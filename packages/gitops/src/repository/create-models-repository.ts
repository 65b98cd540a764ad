import { randomUUID } from 'node:crypto'
import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { isPlatformError, PlatformError } from '@understudy/core'
import { type HostEnvironment, isolatedEnvironment } from '../git/git-environment.ts'
import { cleanGitText, isMissingGit, missingGit } from '../git/git-failure.ts'
import { checkBranchName } from '../mirror/repository-url.ts'
import { type Author, commitTemplate } from './commit-template.ts'
import { ensurePushHook } from './push-hook.ts'

export interface ModelsRepositoryOptions {
  /** Where the bare repository shall lie. */
  readonly path: string
  readonly templateDir: string
  /** @defaultValue `main` */
  readonly branch?: string
  /** Paths of the template that are left out, besides `.git`. @defaultValue `['next']` */
  readonly exclude?: readonly string[]
  readonly author: Author
  readonly environment?: HostEnvironment
}

export interface ModelsRepository {
  readonly path: string
  readonly branch: string
  /** False when it was there before. */
  readonly created: boolean
}

/**
 * Guarantees a bare models repository with the template as its first commit and a hook that leaves a mark after each push.
 *
 * It appears whole or not at all. One that is there stays as it is, apart from a missing hook.
 * @throws PlatformError `gitops.repository_unusable`, `gitops.git_missing`
 */
export async function createModelsRepository(options: ModelsRepositoryOptions): Promise<ModelsRepository> {
  const target = path.resolve(options.path)
  const branch = checkBranchName(options.branch ?? 'main')
  try {
    const created = !(await isBareRepository(target))
    if (created) await make(options, target, branch)
    await ensurePushHook(target)
    return { path: target, branch, created }
  } catch (cause) {
    if (isPlatformError(cause)) throw cause
    if (isMissingGit(cause)) throw missingGit(cause)
    const said = cleanGitText(cause instanceof Error ? cause.message : String(cause))
    throw new PlatformError('gitops.repository_unusable', `No repository can be made at ${target}: ${said}`, {
      cause,
    })
  }
}

async function isBareRepository(target: string): Promise<boolean> {
  const names = await readdir(target).catch((error: unknown): string[] => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  })
  if (names.length === 0) return false
  const objects = await lstat(path.join(target, 'objects')).catch(() => undefined)
  if (names.includes('HEAD') && names.includes('refs') && objects?.isDirectory()) return true
  throw new PlatformError(
    'gitops.repository_unusable',
    `${target} holds something else than a bare repository (${names.slice(0, 5).join(', ')}).`,
  )
}

async function make(options: ModelsRepositoryOptions, target: string, branch: string): Promise<void> {
  const parent = path.dirname(target)
  const prefix = `.tmp-${path.basename(target)}-`
  await mkdir(parent, { recursive: true })
  await removeLeftovers(parent, prefix)
  const temporary = path.join(parent, `${prefix}${randomUUID()}`)
  const gitFolder = path.join(temporary, 'models.git')
  try {
    await commitTemplate({
      gitFolder,
      workFolder: path.join(temporary, 'files'),
      templateDir: path.resolve(options.templateDir),
      exclude: options.exclude ?? ['next'],
      branch,
      author: options.author,
      environment: isolatedEnvironment(options.environment ?? {}, { home: temporary, protocols: ['file'] }),
    })
    await ensurePushHook(gitFolder)
    await rename(gitFolder, target)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

/** What a crash left half made. Only one process makes the repository of a data folder. */
async function removeLeftovers(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (name.startsWith(prefix)) await rm(path.join(parent, name), { recursive: true, force: true })
  }
}
