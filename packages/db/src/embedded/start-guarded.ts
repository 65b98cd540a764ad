import { spawn } from 'node:child_process'
import { PlatformError } from '@understudy/core'
import { guardedCommand } from '../guard/guarded-command.ts'
import type { EmbeddedPostgres } from './embedded-postgres.ts'

const STARTUP_TIMEOUT_MS = 60_000
const LOG_KEPT_CHARACTERS = 4_000

export interface RunningPostgres {
  /** Shuts the server down in order; resolves when its process and guard are gone. */
  stop(): Promise<void>
}

/**
 * Starts the server under a guard and resolves when it is ready; it ends with us, however we end. For tests and tools.
 *
 * @param guard program and arguments that start the guard.
 * @throws PlatformError `db.postgres_failed` with the server's last words
 */
export async function startGuarded(
  postgres: EmbeddedPostgres,
  guard: readonly string[],
): Promise<RunningPostgres> {
  await postgres.clearLeftovers()
  const [file = '', ...args] = guardedCommand(guard, postgres.program)
  const child = spawn(file, args, { stdio: ['pipe', 'ignore', 'pipe'], detached: true })
  let words = ''
  child.stderr.on('data', (chunk) => {
    words = (words + String(chunk)).slice(-LOG_KEPT_CHARACTERS)
  })
  const timeout = new AbortController()
  const timer = setTimeout(() => timeout.abort(), STARTUP_TIMEOUT_MS)
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  gone.then(() => timeout.abort())
  const stop = async () => {
    child.stdin.destroy()
    await gone
  }
  try {
    await postgres.untilReady(timeout.signal)
    return { stop }
  } catch (cause) {
    await stop()
    throw new PlatformError(
      'db.postgres_failed',
      `PostgreSQL did not start: ${words.trim() || String(cause)}`,
      { cause },
    )
  } finally {
    clearTimeout(timer)
  }
}
