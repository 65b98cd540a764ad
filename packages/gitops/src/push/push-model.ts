import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { isModelName, isPlatformError, PlatformError, versionName } from '@understudy/core'
import { sweepTemporaries, TEMPORARY_PREFIX } from '../artifacts/sweep.ts'
import type { HostEnvironment } from '../git/git-environment.ts'
import type { Author } from '../repository/commit-template.ts'
import { Clone } from './clone.ts'
import { collectFiles, type PushedFiles } from './collect-files.ts'
import { copyVersion, highestNumber, holdsServingFiles } from './model-directory.ts'

export interface PushModelOptions {
  /** A folder in a clone of the models repository. */
  readonly clone: string
  /** The ONNX file; weights that it names are taken from beside it. */
  readonly modelFile: string
  readonly model: string
  /** @defaultValue a `golden` folder beside the model, if there is one */
  readonly goldenDir?: string | undefined
  /** @defaultValue `Add <model>@<number>` */
  readonly message?: string | undefined
  readonly environment?: HostEnvironment
  /** Who commits, when git's own configuration shall not say. */
  readonly identity?: Author | undefined
}

export interface PushedModel {
  readonly number: number
  /** The tip that the remote has now. */
  readonly commit: string
  /** False when there was nothing to commit: the highest number already has the very same bytes. */
  readonly created: boolean
}

const MAX_ATTEMPTS = 3

/**
 * Brings a model file to the remote as the next version of a model: pull, copy, commit that directory only, push.
 *
 * Idempotent: bytes that the highest number already has make no other version, but a commit that was not pushed yet is pushed. When
 * someone else pushes meanwhile, the own commit is taken back and made again on top of theirs.
 * @throws PlatformError `gitops.clone_unusable`, `gitops.push_refused`, `gitops.identity_missing`, `gitops.model_name_invalid`,
 * `gitops.model_file_missing`, `gitops.file_empty`, `gitops.symlink_refused`, `gitops.path_refused`, `gitops.git_missing`
 */
export async function pushModel(options: PushModelOptions): Promise<PushedModel> {
  if (!isModelName(options.model)) {
    throw new PlatformError('gitops.model_name_invalid', `"${options.model}" is not a model name.`)
  }
  const clone = await Clone.open(options.clone, options.environment ?? {}, options.identity)
  const files = await collectFiles(path.resolve(options.modelFile), options.goldenDir)
  await clone.checkIdentity()
  for (let attempt = 1; ; attempt += 1) {
    await pull(clone)
    const before = await clone.head()
    const added = await addVersion(clone, files, options)
    const refused = await tryPush(clone)
    const commit = await clone.ask('rev-parse', 'HEAD')
    if (!refused) return { ...added, commit }
    const own = added.created && before !== undefined && before !== commit
    if (own) await clone.ask('reset', '--keep', before)
    if (!own || attempt === MAX_ATTEMPTS) throw refused
  }
}

/** Takes over what others pushed. A remote without the branch has nothing to take over. */
async function pull(clone: Clone): Promise<void> {
  const { remote, branch } = await clone.upstream()
  const there = await clone.ask('ls-remote', '--heads', remote, `refs/heads/${branch}`)
  if (there === '') return
  await clone.ask('pull', '--ff-only', '--quiet', remote, branch)
}

async function addVersion(
  clone: Clone,
  files: PushedFiles,
  options: PushModelOptions,
): Promise<{ readonly number: number; readonly created: boolean }> {
  const modelFolder = path.join(clone.folder, 'models', options.model)
  const highest = await highestNumber(modelFolder)
  const same =
    highest > 0 && (await holdsServingFiles(path.join(modelFolder, String(highest)), files.serving))
  const number = same ? highest : highest + 1
  const directory = path.join(modelFolder, String(number))
  if (!same) {
    await copyVersion(files, directory, await temporaryFolder(clone))
  }
  const created = await commit(
    clone,
    directory,
    options.message ?? `Add ${versionName(options.model, number)}`,
  )
  return { number, created }
}

/** A name inside the git folder, where nothing is ever committed by mistake; what crashed pushes left there goes. */
async function temporaryFolder(clone: Clone): Promise<string> {
  const folder = path.join(await clone.ask('rev-parse', '--absolute-git-dir'), 'understudy')
  await sweepTemporaries(folder, { olderThanMs: 3_600_000, now: Date.now() })
  return path.join(folder, `${TEMPORARY_PREFIX}${randomUUID()}`)
}

/** Commits one directory and nothing else that may be staged; says whether there was anything to commit. */
async function commit(clone: Clone, directory: string, message: string): Promise<boolean> {
  await clone.ask('add', '--force', '--', directory)
  const changes = await clone.ask('status', '--porcelain', '--', directory)
  if (changes === '') return false
  await clone.ask('commit', '--quiet', '-m', message, '--', directory)
  return true
}

/** Undefined when the remote has it; the refusal when it does not take it. */
async function tryPush(clone: Clone): Promise<PlatformError | undefined> {
  const { remote, branch } = await clone.upstream()
  try {
    await clone.ask('push', '--quiet', remote, `HEAD:refs/heads/${branch}`)
    return undefined
  } catch (cause) {
    if (!isPlatformError(cause) || cause.code === 'gitops.git_missing') throw cause
    return new PlatformError('gitops.push_refused', `The remote did not take the push. ${cause.message}`, {
      cause,
    })
  }
}
