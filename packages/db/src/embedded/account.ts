import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { PlatformError } from '@understudy/core'

const run = promisify(execFile)

/** Who the server runs as when we are root: PostgreSQL refuses to run as root. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/**
 * The account for a server whose data lies, or will lie, in `dataDir`: undefined (our own) unless we are root; then the
 * owner of the data if there is some, else `postgres`, else `nobody`.
 *
 * @throws PlatformError `db.account_missing`
 */
export async function serverAccount(dataDir: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const owner = await stat(dataDir).catch(() => undefined)
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  for (const name of ['postgres', 'nobody']) {
    const account = await lookUp(name)
    if (account) return account
  }
  throw new PlatformError(
    'db.account_missing',
    'PostgreSQL does not run as root, and this system has neither an account `postgres` nor `nobody`.',
  )
}

async function lookUp(name: string): Promise<Account | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  } catch {
    return undefined
  }
}
