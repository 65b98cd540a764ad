import { createHash } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { type Prisma, PrismaClient } from './generated/client.ts'
import { reachingDatabase } from './unreachable.ts'

/** A transaction, or the client itself where a single statement is enough. */
export type Tx = Prisma.TransactionClient

export interface Database {
  readonly prisma: PrismaClient
  /** Runs `work` in one READ COMMITTED transaction; it commits when `work` resolves. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** Runs `work` over one snapshot (REPEATABLE READ, nothing may be written). */
  snapshot<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly databaseUrl: string
  readonly applicationName: string
  /** @defaultValue 8 */
  readonly maxConnections?: number
}

/**
 * How a statement begins that each connection plans once, since planning it takes longer than carrying it out. For few statements whose text
 * never varies: the server keeps each until the connection ends.
 */
export const PLANNED_ONCE = '/* planned once */'

/** The server forgets such a statement when the next one comes. */
const UNNAMED = ''

function statementName({ sql }: { readonly sql: string }): string {
  if (!sql.startsWith(PLANNED_ONCE)) return UNNAMED
  return createHash('sha256').update(sql).digest('hex').slice(0, 32)
}

const TRANSACTION = { maxWait: 10_000, timeout: 20_000 }

/** Opens a pool for one process. Connections that break while idle are replaced; the next query reports a failure. */
export function openDatabase(options: DatabaseOptions): Database {
  const { databaseUrl, applicationName, maxConnections = 8 } = options
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: maxConnections,
    connectionTimeoutMillis: 5_000,
    application_name: applicationName,
  })
  pool.on('error', () => undefined)
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool, { statementNameGenerator: statementName }) })
  return {
    prisma,
    transaction: (work) =>
      reachingDatabase(() => prisma.$transaction(work, { ...TRANSACTION, isolationLevel: 'ReadCommitted' })),
    snapshot: (work) =>
      reachingDatabase(() => prisma.$transaction(work, { ...TRANSACTION, isolationLevel: 'RepeatableRead' })),
    close: async () => {
      await prisma.$disconnect()
      await pool.end()
    },
  }
}
