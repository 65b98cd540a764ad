import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { PlatformError, sha256Hex } from '@understudy/core'

const SIZE_MAX_BYTES = 4 * 1024 * 1024

/** One migration as it lies in the repository. */
export interface MigrationFile {
  /** Name of its folder, which begins with a timestamp: the order of names is the order of application. */
  readonly name: string
  readonly sql: string
  /** sha256 of the file, as Prisma Migrate computes it. */
  readonly checksum: string
  /** False when the file says `-- no-transaction`: then it holds one statement, such as CREATE INDEX CONCURRENTLY. */
  readonly transactional: boolean
}

/**
 * Reads every migration below `dir`, in order of application.
 *
 * @throws PlatformError `db.migrations_unreadable`
 */
export async function readMigrations(dir: string): Promise<MigrationFile[]> {
  const names = await folderNames(dir)
  return await Promise.all(names.map((name) => readMigration(dir, name)))
}

async function folderNames(dir: string): Promise<string[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort()
  } catch (cause) {
    throw new PlatformError('db.migrations_unreadable', `The migrations folder ${dir} cannot be read.`, {
      cause,
    })
  }
}

async function readMigration(dir: string, name: string): Promise<MigrationFile> {
  const file = path.join(dir, name, 'migration.sql')
  try {
    const { size } = await stat(file)
    if (size > SIZE_MAX_BYTES) throw new Error(`it has ${size} bytes, more than ${SIZE_MAX_BYTES}`)
    const sql = await readFile(file, 'utf8')
    return { name, sql, checksum: sha256Hex(sql), transactional: !/^\s*--\s*no-transaction\b/m.test(sql) }
  } catch (cause) {
    const because = cause instanceof Error ? cause.message : String(cause)
    throw new PlatformError('db.migrations_unreadable', `Migration ${name} cannot be read: ${because}.`, {
      cause,
    })
  }
}
