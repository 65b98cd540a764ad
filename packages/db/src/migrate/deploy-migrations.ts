import { randomUUID } from 'node:crypto'
import { PlatformError } from '@understudy/core'
import pg from 'pg'
import { type MigrationFile, readMigrations } from './migration-file.ts'
import { planMigrations, type RecordedMigration } from './plan-migrations.ts'

/** The advisory lock that Prisma Migrate takes too, so that neither runs beside the other. */
const MIGRATION_LOCK = 72707369
const LOCK_WAIT_MS = 60_000
const CONNECT_TIMEOUT_MS = 10_000
const LOCK_NOT_AVAILABLE = '55P03'

/** Prisma Migrate's own table, column for column: a native `prisma migrate` can go on from here. */
const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`

export interface DeployReport {
  /** Names of the migrations that this call applied, in order. */
  readonly applied: readonly string[]
  /** Names that the database has and the folder lacks: a newer program has been here. */
  readonly newerInDatabase: readonly string[]
}

/**
 * Brings the database to the newest migration of `dir`, each in one transaction: one that fails leaves no trace.
 *
 * Concurrency: any number of processes may call it at once; one applies, the others wait for it and find nothing to do.
 * A file that says `-- no-transaction` holds one statement; if that fails its row stays unfinished and stops the next call.
 *
 * @throws PlatformError `db.migrations_unreadable`, `db.migration_edited`, `db.migration_unfinished`, `db.migration_failed`,
 * `db.migration_lock_timeout`, `control.database_unavailable`
 */
export async function deployMigrations(connectionString: string, dir: string): Promise<DeployReport> {
  const files = await readMigrations(dir)
  const client = await connect(connectionString)
  try {
    await lock(client)
    await createTable(client)
    return await applyPending(client, files)
  } finally {
    // Ends the session and with it the lock.
    await client.end().catch(() => undefined)
  }
}

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString,
    application_name: 'understudy-migrate',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  })
  // A connection that breaks also fails the running query, which reports it.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return client
  } catch (cause) {
    throw unavailable(cause)
  }
}

function unavailable(cause: unknown): PlatformError {
  const because = cause instanceof Error ? cause.message || cause.name : String(cause)
  return new PlatformError('control.database_unavailable', `The database cannot be reached: ${because}.`, {
    cause,
  })
}

async function lock(client: pg.Client): Promise<void> {
  try {
    await client.query(`SET lock_timeout = ${LOCK_WAIT_MS}`)
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK])
    await client.query('RESET lock_timeout')
  } catch (cause) {
    if (!(cause instanceof pg.DatabaseError) || cause.code !== LOCK_NOT_AVAILABLE) throw unavailable(cause)
    throw new PlatformError(
      'db.migration_lock_timeout',
      `Another process has been migrating this database for more than ${LOCK_WAIT_MS / 1_000} s.`,
      { cause },
    )
  }
}

async function createTable(client: pg.Client): Promise<void> {
  try {
    await client.query(CREATE_TABLE)
  } catch (cause) {
    const because = cause instanceof Error ? cause.message : String(cause)
    throw new PlatformError(
      'db.migration_failed',
      `The table of migrations cannot be created: ${because}. The role of the connection must own its database.`,
      { cause },
    )
  }
}

async function applyPending(client: pg.Client, files: readonly MigrationFile[]): Promise<DeployReport> {
  const plan = planMigrations(files, await recordedMigrations(client))
  if (plan.kind === 'unfinished') {
    throw new PlatformError(
      'db.migration_unfinished',
      `Migration ${plan.name} was begun and did not finish. Undo what it left behind, then run: ` +
        `UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = '${plan.name}' AND finished_at IS NULL`,
    )
  }
  if (plan.kind === 'edited') {
    throw new PlatformError(
      'db.migration_edited',
      `Migration ${plan.name} was edited after it was applied: its checksum is ${plan.found}, applied was ${plan.recorded}.`,
    )
  }
  for (const file of plan.pending) await apply(client, file)
  return { applied: plan.pending.map((file) => file.name), newerInDatabase: plan.newerInDatabase }
}

async function recordedMigrations(client: pg.Client): Promise<RecordedMigration[]> {
  const { rows } = await client.query<RecordedMigration>(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished
       FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`,
  )
  return rows
}

async function apply(client: pg.Client, file: MigrationFile): Promise<void> {
  const id = randomUUID()
  try {
    if (file.transactional) await client.query('BEGIN')
    await client.query(
      'INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at) VALUES ($1, $2, $3, clock_timestamp())',
      [id, file.checksum, file.name],
    )
    await client.query(file.sql)
    await client.query(
      'UPDATE _prisma_migrations SET finished_at = clock_timestamp(), applied_steps_count = 1 WHERE id = $1',
      [id],
    )
    if (file.transactional) await client.query('COMMIT')
  } catch (cause) {
    await afterFailure(client, file, { id, cause })
    throw new PlatformError(
      'db.migration_failed',
      `Migration ${file.name} failed: ${describe(cause, file.sql)}.`,
      {
        cause,
      },
    )
  }
}

async function afterFailure(
  client: pg.Client,
  file: MigrationFile,
  failure: { readonly id: string; readonly cause: unknown },
): Promise<void> {
  // The connection itself may be gone: then the server has rolled back, and the row of the other kind stays unfinished.
  if (file.transactional) await client.query('ROLLBACK').catch(() => undefined)
  else {
    await client
      .query('UPDATE _prisma_migrations SET logs = $2 WHERE id = $1', [
        failure.id,
        describe(failure.cause, file.sql),
      ])
      .catch(() => undefined)
  }
}

/** What PostgreSQL says, with the line of the file where it says so. */
function describe(cause: unknown, sql: string): string {
  if (!(cause instanceof Error)) return String(cause)
  const position = cause instanceof pg.DatabaseError ? Number(cause.position) : Number.NaN
  return Number.isNaN(position)
    ? cause.message
    : `${cause.message} (line ${sql.slice(0, position).split('\n').length})`
}
