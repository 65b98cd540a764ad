import { execFile } from 'node:child_process'
import { chown, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { PlatformError } from '@understudy/core'
import type { Account } from './account.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'

const run = promisify(execFile)

export interface InitOptions {
  readonly binaries: PostgresBinaries
  readonly account: Account | undefined
  readonly superuserPassword: string
  /** Write everything through to the disk before going on. */
  readonly durable: boolean
}

/**
 * Creates the cluster at `dataDir`, whole or not at all: it is made beside and renamed. Passwords are scram only.
 *
 * @throws PlatformError `db.postgres_failed`
 */
export async function initCluster(dataDir: string, options: InitOptions): Promise<void> {
  const { binaries, account, superuserPassword, durable } = options
  const unfinished = `${dataDir}.unfinished`
  const passwordFile = path.join(unfinished, '..', 'initdb.password')
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { mode: 0o700 })
  await rm(passwordFile, { force: true })
  await writeFile(passwordFile, superuserPassword, { mode: 0o600, flag: 'wx' })
  if (account)
    await Promise.all([unfinished, passwordFile].map((file) => chown(file, account.uid, account.gid)))
  const args = ['-D', unfinished, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`]
  args.push('--encoding=UTF8', '--locale=C', '--no-instructions', ...(durable ? [] : ['--no-sync']))
  try {
    await run(binaries.initdb, args, { ...account, cwd: '/', timeout: 120_000 })
    await rename(unfinished, dataDir)
  } catch (cause) {
    throw new PlatformError(
      'db.postgres_failed',
      `A new database cannot be created in ${dataDir}: ${lastWords(cause)}`,
      {
        cause,
      },
    )
  } finally {
    await rm(passwordFile, { force: true })
  }
}

function lastWords(cause: unknown): string {
  const text = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : ''
  return text || (cause instanceof Error ? cause.message : String(cause))
}
