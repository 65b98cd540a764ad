import { setTimeout as delay } from 'node:timers/promises'
import { PlatformError } from '@understudy/core'
import pg from 'pg'

export const SUPERUSER = 'postgres'
/** The role of every process of ours: owns its database, is not superuser, creates neither roles nor databases. */
export const APP_ROLE = 'app'
export const APP_DATABASE = 'understudy'

/**
 * Waits for the server and guarantees that our role and its database exist; repeating it changes nothing.
 *
 * @param appPassword hexadecimal, so that it can stand in SQL as it is.
 * @throws PlatformError `db.postgres_failed` when the signal aborts first
 */
export async function ensureAppDatabase(
  superuserConnectionString: string,
  appPassword: string,
  signal: AbortSignal,
): Promise<void> {
  const client = await connectWhenUp(superuserConnectionString, signal)
  try {
    const role = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [APP_ROLE])
    if (role.rowCount === 0) {
      await client.query(
        `CREATE ROLE ${APP_ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '${appPassword}'`,
      )
    }
    const database = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [APP_DATABASE])
    if (database.rowCount === 0) await client.query(`CREATE DATABASE ${APP_DATABASE} OWNER ${APP_ROLE}`)
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function connectWhenUp(connectionString: string, signal: AbortSignal): Promise<pg.Client> {
  for (;;) {
    const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return client
    } catch (cause) {
      if (signal.aborted || isRefusal(cause)) throw notReady(cause)
    }
    await delay(25)
  }
}

/** The server answers and will not change its mind: a wrong password, for one. Starting up or full is not a refusal. */
function isRefusal(cause: unknown): boolean {
  return cause instanceof pg.DatabaseError && cause.code?.startsWith('28') === true
}

function notReady(cause: unknown): PlatformError {
  const because = cause instanceof Error ? cause.message || cause.name : String(cause)
  return new PlatformError('db.postgres_failed', `PostgreSQL does not take connections: ${because}.`, {
    cause,
  })
}
