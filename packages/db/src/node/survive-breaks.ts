import type { Pool } from 'pg'

/**
 * Keeps a connection that breaks from ending the process, idle or in use: the statement on its way fails, or the next one does. A pool by itself
 * listens to its idle connections only.
 */
export function surviveBreaks(pool: Pool): void {
  const ignored = () => undefined
  pool.on('error', ignored)
  pool.on('connect', (client) => client.on('error', ignored))
}
