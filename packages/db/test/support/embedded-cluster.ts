import type { ChildProcess } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { EmbeddedPostgres, type RunningPostgres, startGuarded } from '../../src/embedded/index.ts'
import { SOURCE_GUARD } from '../../tools/throwaway-postgres.ts'

/** One embedded cluster on disk: each start is on the data of those before it. */
export class EmbeddedCluster {
  readonly folder: string
  readonly #running: RunningPostgres[] = []
  readonly #children: ChildProcess[] = []

  private constructor(folder: string) {
    this.folder = folder
  }

  static async create(): Promise<EmbeddedCluster> {
    return new EmbeddedCluster(await newClusterFolder())
  }

  prepare(options: { readonly port?: number; readonly durable?: boolean } = {}): Promise<EmbeddedPostgres> {
    return EmbeddedPostgres.prepare({ folder: this.folder, durable: false, ...options })
  }

  async start(postgres: EmbeddedPostgres): Promise<RunningPostgres> {
    const server = await startGuarded(postgres, SOURCE_GUARD)
    this.#running.push(server)
    return server
  }

  /** Ends with {@link end}. */
  own(child: ChildProcess): void {
    this.#children.push(child)
  }

  async serverPid(): Promise<number> {
    return Number((await readFile(path.join(this.folder, 'data', 'postmaster.pid'), 'utf8')).split('\n')[0])
  }

  /** Stops what runs; the data stay. */
  async end(): Promise<void> {
    for (const server of this.#running.splice(0)) await server.stop()
    for (const child of this.#children.splice(0)) child.kill('SIGKILL')
  }

  remove(): Promise<void> {
    return rm(path.dirname(this.folder), { recursive: true, force: true })
  }
}

/** In a parent of its own that other accounts may pass. */
export async function newClusterFolder(): Promise<string> {
  const parent = await mkdtemp(path.join(os.tmpdir(), 'embedded-'))
  await chmod(parent, 0o711)
  return path.join(parent, 'postgres')
}

export async function query<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query<T>(sql)).rows
  } finally {
    await client.end()
  }
}
