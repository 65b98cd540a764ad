import { chmod, cp, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import path from 'node:path'

interface LibraryLink {
  readonly source: string
  readonly target: string
}

/**
 * Makes the library links that npm packages cannot carry, from the list in the package; links that exist stay.
 *
 * The package's install script does the same, where the package manager lets it run. A read-only folder is left alone.
 */
export async function linkLibraries(native: string): Promise<void> {
  for (const { source, target } of await listedLinks(native)) {
    const at = path.join(native, 'lib', path.basename(target))
    await symlink(path.basename(source), at).catch(() => undefined)
  }
}

async function listedLinks(native: string): Promise<LibraryLink[]> {
  try {
    const value: unknown = JSON.parse(await readFile(path.join(native, 'pg-symlinks.json'), 'utf8'))
    return Array.isArray(value) ? value.filter(isLibraryLink) : []
  } catch {
    return []
  }
}

function isLibraryLink(value: unknown): value is LibraryLink {
  const link = value as Partial<LibraryLink> | null
  return [link?.source, link?.target].every(
    (text) => typeof text === 'string' && /^native\/lib\/[^/]+$/.test(text),
  )
}

/**
 * Copies the binaries (60 MB) to `copyTo`, whole or not at all; a finished copy is used again. Undefined when it cannot.
 *
 * @param options.forOthers let every account read and run the copy, whatever our umask is.
 */
export async function copyNative(
  native: string,
  options: { readonly copyTo: string; readonly forOthers: boolean },
): Promise<string | undefined> {
  const { copyTo, forOthers } = options
  if (await stat(copyTo).catch(() => undefined)) return copyTo
  const unfinished = `${copyTo}.unfinished`
  try {
    await rm(unfinished, { recursive: true, force: true })
    await cp(native, unfinished, { recursive: true, verbatimSymlinks: true })
    await linkLibraries(unfinished)
    if (forOthers) await openToOthers(unfinished)
    await rename(unfinished, copyTo)
    return copyTo
  } catch {
    await rm(unfinished, { recursive: true, force: true }).catch(() => undefined)
    return undefined
  }
}

async function openToOthers(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name)
    if (entry.isDirectory()) await openToOthers(at)
    else if (entry.isFile()) await chmod(at, path.basename(folder) === 'bin' ? 0o755 : 0o644)
  }
}
