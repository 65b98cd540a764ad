import { readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'

/** Names of unfinished files and directories begin with it; nothing else's name does. */
export const TEMPORARY_PREFIX = '.tmp-'

/**
 * Removes what a crash left unfinished right below a directory and returns how many. Younger than `olderThanMs` may be the
 * work of a living process and stays.
 */
export async function sweepTemporaries(
  directory: string,
  options: { readonly olderThanMs: number; readonly now: number },
): Promise<number> {
  let removed = 0
  for (const name of await readdir(directory).catch(() => [])) {
    if (!name.startsWith(TEMPORARY_PREFIX)) continue
    const leftover = path.join(directory, name)
    const touched = await stat(leftover).then(
      (found) => found.mtimeMs,
      () => undefined,
    )
    if (touched === undefined || options.now - touched < options.olderThanMs) continue
    await rm(leftover, { recursive: true, force: true })
    removed += 1
  }
  return removed
}
