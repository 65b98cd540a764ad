import { PlatformError } from '@understudy/core'
import pg from 'pg'

/**
 * Checks that a database of the user's own answers.
 *
 * @throws PlatformError `control.database_unavailable`, never with the password in it
 */
export async function checkDatabase(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('SELECT 1')
  } catch (cause) {
    const { host, pathname } = new URL(connectionString)
    const because = cause instanceof Error ? cause.message || cause.name : String(cause)
    throw new PlatformError(
      'control.database_unavailable',
      `The database of DATABASE_URL, ${host}${pathname}, cannot be used: ${because.replace(/\.$/, '')}.`,
      { cause },
    )
  } finally {
    await client.end().catch(() => undefined)
  }
}
