import { chmod, mkdir, readFile, realpath } from 'node:fs/promises'
import path from 'node:path'
import { PlatformError } from '@understudy/core'
import type { GuardedProgram } from '../guard/guarded-command.ts'
import { serverAccount } from './account.ts'
import { APP_DATABASE, APP_ROLE, ensureAppDatabase, SUPERUSER } from './app-database.ts'
import { type ClusterRecord, newPassword, readClusterRecord, writeClusterRecord } from './cluster-record.ts'
import { freePort, isPortFree } from './free-port.ts'
import { initCluster } from './init-cluster.ts'
import { clearLeftoverServer } from './leftover-server.ts'
import { findPostgresBinaries } from './postgres-binaries.ts'

export interface EmbeddedPostgresOptions {
  /**
   * Folder of this cluster alone. The server's account must be able to enter every folder above it; the caller owns it:
   * nobody else starts a server on it.
   */
  readonly folder: string
  /** Loopback port; undefined: the one of last time if it is still free, else any free one. */
  readonly port?: number | undefined
  /** False gives up safety against a crash of the machine, for tests. @defaultValue true */
  readonly durable?: boolean | undefined
}

/** SIGINT: fast shutdown; SIGQUIT: immediate, repaired at the next start. */
const END_STEPS = [
  { signal: 'SIGINT', waitMs: 8_000 },
  { signal: 'SIGQUIT', waitMs: 2_000 },
] as const

/**
 * A PostgreSQL cluster of our own in one folder: loopback only, scram passwords, and for us a role that owns its database
 * and is not superuser. Starting the server is the caller's: {@link EmbeddedPostgres.program} says what to run, under a guard.
 */
export class EmbeddedPostgres {
  readonly port: number
  /** What to run. Call {@link EmbeddedPostgres.clearLeftovers} before each start. */
  readonly program: GuardedProgram
  readonly #record: ClusterRecord
  readonly #dataDir: string

  private constructor(dataDir: string, record: ClusterRecord, program: GuardedProgram) {
    this.#dataDir = dataDir
    this.#record = record
    this.port = record.port
    this.program = program
  }

  /**
   * Finds binaries, creates the cluster on first use and settles the port; starts nothing that stays.
   *
   * @throws PlatformError `db.postgres_missing`, `db.postgres_incompatible`, `db.postgres_failed`, `db.account_missing`
   */
  static async prepare(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const { durable = true } = options
    await mkdir(options.folder, { recursive: true, mode: 0o711 })
    const folder = await realpath(options.folder)
    const dataDir = path.join(folder, 'data')
    const account = await serverAccount(dataDir)
    // Whatever our umask is, that account passes through; it owns only the data below.
    if (account) await chmod(folder, 0o711)
    const madeBy = await majorVersionOf(dataDir)
    const binaries = await findPostgresBinaries({
      account,
      majorVersion: madeBy,
      copyTo: path.join(folder, 'binaries'),
    })
    await clearLeftoverServer(dataDir)
    const record = await settleRecord(folder, { port: options.port, hasData: madeBy !== undefined })
    if (madeBy === undefined) {
      await initCluster(dataDir, { binaries, account, superuserPassword: record.superuserPassword, durable })
    }
    const args = ['-D', dataDir, ...serverSettings(record.port, durable)]
    return new EmbeddedPostgres(dataDir, record, {
      file: binaries.postgres,
      args,
      cwd: '/',
      account,
      endSteps: END_STEPS,
    })
  }

  /** For every process of ours. */
  get connectionString(): string {
    return this.#url(APP_ROLE, this.#record.appPassword, APP_DATABASE)
  }

  /** For tools and tests that create databases; never handed to a service. */
  get superuserConnectionString(): string {
    return this.#url(SUPERUSER, this.#record.superuserPassword, 'postgres')
  }

  /** Ends what an earlier, killed owner left running on this cluster. */
  clearLeftovers(): Promise<void> {
    return clearLeftoverServer(this.#dataDir)
  }

  /**
   * Resolves once the server takes connections and our role and database exist; goes on waiting through crash recovery.
   *
   * @throws PlatformError `db.postgres_failed` when the signal aborts first
   */
  async untilReady(signal: AbortSignal): Promise<void> {
    await ensureAppDatabase(this.superuserConnectionString, this.#record.appPassword, signal)
  }

  #url(user: string, password: string, database: string): string {
    return `postgresql://${user}:${password}@127.0.0.1:${this.port}/${database}`
  }
}

function serverSettings(port: number, durable: boolean): string[] {
  const settings = ['listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories=', 'timezone=UTC']
  if (!durable)
    settings.push('fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=200')
  return settings.flatMap((setting) => ['-c', setting])
}

async function majorVersionOf(dataDir: string): Promise<number | undefined> {
  const text = await readFile(path.join(dataDir, 'PG_VERSION'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : Number.parseInt(text, 10)
}

/** The passwords are on disk before the cluster that they open: no crash can lock us out. */
async function settleRecord(
  folder: string,
  wanted: { readonly port: number | undefined; readonly hasData: boolean },
): Promise<ClusterRecord> {
  const old = await readClusterRecord(folder)
  if (!old && wanted.hasData) {
    throw new PlatformError(
      'db.postgres_failed',
      `${path.join(folder, 'cluster.json')} with the passwords of the database is missing: restore it from a backup.`,
    )
  }
  const port = wanted.port ?? (old && (await isPortFree(old.port)) ? old.port : await freePort())
  const record = {
    port,
    superuserPassword: old?.superuserPassword ?? newPassword(),
    appPassword: old?.appPassword ?? newPassword(),
  }
  if (!old || old.port !== port) await writeClusterRecord(folder, record)
  return record
}
