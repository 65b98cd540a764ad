import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { EmbeddedPostgres, startGuarded } from '../src/embedded/index.ts'

const PREFIX = 'understudy-postgres-'

/** The guard as it runs from source. */
export const SOURCE_GUARD: readonly string[] = [
  process.execPath,
  '--import',
  pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href,
  fileURLToPath(new URL('../src/guard/main.ts', import.meta.url)),
]

export interface ThrowawayPostgres {
  readonly superuserConnectionString: string
  readonly connectionString: string
  /** Stops the server and removes its folder. */
  stop(): Promise<void>
}

/** Starts a cluster in a temporary folder; its server ends with this process, however that ends. */
export async function startThrowawayPostgres(): Promise<ThrowawayPostgres> {
  await removeAbandoned()
  const folder = await mkdtemp(path.join(os.tmpdir(), `${PREFIX}${process.pid}-`))
  // mkdtemp makes a folder for us alone; as root the server runs as another account and must pass through it.
  await chmod(folder, 0o711)
  const postgres = await EmbeddedPostgres.prepare({ folder: path.join(folder, 'postgres'), durable: false })
  const server = await startGuarded(postgres, SOURCE_GUARD)
  return {
    superuserConnectionString: postgres.superuserConnectionString,
    connectionString: postgres.connectionString,
    stop: async () => {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Folders of runs that were killed: their process is gone, and with it their server. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(os.tmpdir())) {
    const pid = Number(name.startsWith(PREFIX) ? name.slice(PREFIX.length).split('-')[0] : Number.NaN)
    if (Number.isNaN(pid) || isAlive(pid)) continue
    await rm(path.join(os.tmpdir(), name), { recursive: true, force: true }).catch(() => undefined)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
