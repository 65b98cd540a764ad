import { createHash } from 'node:crypto'
import {
  access,
  chmod,
  constants,
  lstat,
  mkdir,
  mkdtemp,
  readlink,
  realpath,
  rename,
  stat,
  symlink,
} from 'node:fs/promises'
import path from 'node:path'
import { PlatformError } from '@understudy/core'

/** Where data goes that other accounts must reach and that root keeps below a folder closed to them. */
const OPEN_PLACE = '/var/lib/understudy'

export interface DataFolder {
  /** The path as it was asked for; it may be a link. */
  readonly path: string
  /** Where the data really lies. */
  readonly realPath: string
}

export interface DataFolderOptions {
  /** Whether we are root, and therefore run some processes as other accounts. */
  readonly asRoot: boolean
  /** @defaultValue `/var/lib/understudy` */
  readonly openPlace?: string | undefined
}

/**
 * Guarantees a data folder that we can write and, as root, that the accounts of PostgreSQL and of executors can enter:
 * below a folder closed to others it becomes a link to a folder of its own in an open place, and what it held moves there.
 *
 * Repeating it changes nothing. The folder lets others pass through, never list.
 * @throws PlatformError `up.data_folder_unwritable`, `up.data_folder_closed`
 */
export async function prepareDataFolder(folder: string, options: DataFolderOptions): Promise<DataFolder> {
  try {
    if (options.asRoot) await openTheWay(folder, options.openPlace ?? OPEN_PLACE)
    else await mkdir(folder, { recursive: true, mode: 0o700 })
    const realPath = await realpath(folder)
    if (options.asRoot) await chmod(realPath, 0o711)
    await access(realPath, constants.R_OK | constants.W_OK | constants.X_OK)
    return { path: folder, realPath }
  } catch (cause) {
    if (cause instanceof PlatformError) throw cause
    const because = cause instanceof Error ? cause.message : String(cause)
    throw new PlatformError(
      'up.data_folder_unwritable',
      `The data folder ${folder} cannot be written: ${because}.`,
      { cause },
    )
  }
}

/** As root: makes the folder, or the link to an open place, so that every account can pass through to it. */
async function openTheWay(folder: string, openPlace: string): Promise<void> {
  const there = await lstat(folder).catch(() => undefined)
  if (there?.isSymbolicLink())
    await mkdir(path.resolve(path.dirname(folder), await readlink(folder)), { recursive: true })
  const closed = await closedFolderAbove(folder)
  if (closed === undefined) {
    await mkdir(folder, { recursive: true })
    return
  }
  if (there?.isSymbolicLink()) {
    throw new PlatformError(
      'up.data_folder_closed',
      `The data folder ${folder} is a link to a place below ${closed}, which is closed to other accounts.`,
    )
  }
  await mkdir(path.dirname(folder), { recursive: true })
  const place = await newPlace(folder, openPlace)
  if (there) await moveInto(folder, place)
  await symlink(place, folder)
}

/** The highest folder above that only its owner and group may enter; undefined when there is none. */
async function closedFolderAbove(folder: string): Promise<string | undefined> {
  const existing = await realpath(folder).catch(() => undefined)
  if (existing === undefined) {
    const parent = path.dirname(folder)
    return (await isClosed(parent)) ? parent : await closedFolderAbove(parent)
  }
  const parents: string[] = []
  for (let at = path.dirname(existing); at !== path.dirname(at); at = path.dirname(at)) parents.unshift(at)
  for (const parent of parents) if (await isClosed(parent)) return parent
  return undefined
}

async function isClosed(folder: string): Promise<boolean> {
  const stats = await stat(folder).catch(() => undefined)
  return stats?.isDirectory() === true && (stats.mode & constants.S_IXOTH) === 0
}

/**
 * Never a place that was used before: a fresh clone at the path of a deleted one starts fresh, and a project that was moved
 * keeps its data.
 */
async function newPlace(folder: string, openPlace: string): Promise<string> {
  await mkdir(openPlace, { recursive: true, mode: 0o755 })
  const hash = createHash('sha256').update(folder).digest('hex').slice(0, 12)
  return await mkdtemp(path.join(openPlace, `${hash}-`))
}

/** One rename: the data is never in two places, nor in none. */
async function moveInto(folder: string, place: string): Promise<void> {
  try {
    await rename(folder, place)
  } catch (cause) {
    throw new PlatformError(
      'up.data_folder_closed',
      `The data folder ${folder} lies below a folder closed to other accounts, and cannot be moved to ${place}.`,
      { cause },
    )
  }
}
