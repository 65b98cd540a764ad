import { PlatformError } from '@understudy/core'

/** Codes of a connection that cannot be made or was lost: of the socket, of PostgreSQL, of Prisma. */
const UNREACHABLE: ReadonlySet<unknown> = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EPIPE'],
  ...['57P01', '57P02', '57P03', '08001', '08003', '08006'],
  ...['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028'],
  ...['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout'],
])

const DEPTH_MAX = 6

function isUnreachable(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null || depth > DEPTH_MAX) return false
  const error = value as {
    code?: unknown
    kind?: unknown
    originalCode?: unknown
    cause?: unknown
    meta?: { driverAdapterError?: unknown }
  }
  if ([error.code, error.kind, error.originalCode].some((code) => UNREACHABLE.has(code))) return true
  return isUnreachable(error.cause, depth + 1) || isUnreachable(error.meta?.driverAdapterError, depth + 1)
}

/** Runs work on the database; a database that is away is `control.database_unavailable`, everything else goes on as it is. */
export async function reachingDatabase<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (!isUnreachable(cause)) throw cause
    throw new PlatformError(
      'control.database_unavailable',
      'The database does not answer. What is served goes on.',
      { cause },
    )
  }
}
