import { lstat, readdir, realpath } from 'node:fs/promises'
import path from 'node:path'
import { PlatformError } from '@understudy/core'
import type { WorkingTreeScope } from './read-working-tree.ts'

async function isDirectory(file: string): Promise<boolean> {
  return (await lstat(file).catch(() => undefined))?.isDirectory() ?? false
}

/**
 * Finds out whether a path is a clone, its `models` folder, one model or one version, from the names alone:
 * `…/models/<model>/<number>` as the repository has them.
 *
 * @throws PlatformError `gitops.clone_unusable`
 */
export async function findScope(given: string): Promise<WorkingTreeScope> {
  const at = await realpath(given).catch(() => undefined)
  if (at === undefined || !(await isDirectory(at))) {
    throw new PlatformError(
      'gitops.clone_unusable',
      `${given} is not a directory: give a clone, a model or a version directory.`,
    )
  }
  if (await isDirectory(path.join(at, 'models'))) return { root: at, below: ['models'] }
  const [name, parent, grandparent] = [path.basename(at), path.dirname(at), path.dirname(path.dirname(at))]
  if (name === 'models') return { root: parent, below: ['models'] }
  if (path.basename(parent) === 'models') return { root: grandparent, below: [`models/${name}`] }
  if (path.basename(grandparent) === 'models') {
    const model = `models/${path.basename(parent)}`
    return {
      root: path.dirname(grandparent),
      below: [`${model}/model.yaml`, `${model}/${name}`],
    }
  }
  const names = (await readdir(at)).slice(0, 10).join(', ')
  throw new PlatformError(
    'gitops.clone_unusable',
    `${given} is neither a clone nor a directory below models/ (it holds: ${names}).`,
  )
}
