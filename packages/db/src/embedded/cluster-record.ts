import { randomBytes } from 'node:crypto'
import { open, readFile, rename } from 'node:fs/promises'
import path from 'node:path'
import { PlatformError } from '@understudy/core'

/** What must be known about a cluster from one start to the next. Holds passwords: 0600, part of a backup. */
export interface ClusterRecord {
  readonly port: number
  readonly superuserPassword: string
  readonly appPassword: string
}

const FILE = 'cluster.json'

/**
 * Reads the record in `folder`; undefined when there is none yet.
 *
 * @throws PlatformError `db.postgres_failed` when it is there and cannot be understood
 */
export async function readClusterRecord(folder: string): Promise<ClusterRecord | undefined> {
  const file = path.join(folder, FILE)
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    const value: Partial<ClusterRecord> = JSON.parse(text)
    const { port, superuserPassword, appPassword } = value
    if (typeof port !== 'number' || !isPassword(superuserPassword) || !isPassword(appPassword)) {
      throw new TypeError('a field is missing')
    }
    return { port, superuserPassword, appPassword }
  } catch (cause) {
    throw new PlatformError('db.postgres_failed', `${file} is damaged: restore it from a backup.`, { cause })
  }
}

/** Our passwords are hexadecimal, so that they need no quoting in SQL and in URLs. */
function isPassword(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{32,}$/.test(value)
}

export function newPassword(): string {
  return randomBytes(24).toString('hex')
}

/** Replaces the record, whole or not at all. */
export async function writeClusterRecord(folder: string, record: ClusterRecord): Promise<void> {
  const file = path.join(folder, FILE)
  const handle = await open(`${file}.new`, 'w', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(record, null, 2)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${file}.new`, file)
}
