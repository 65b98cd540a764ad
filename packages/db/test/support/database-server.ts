import { createServer, type Server } from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { deployMigrations } from '../../src/migrate/index.ts'
import { startThrowawayPostgres, type ThrowawayPostgres } from '../../tools/throwaway-postgres.ts'

const MIGRATIONS = fileURLToPath(new URL('../../../../prisma/migrations', import.meta.url))
const TEMPLATE = 'understudy'

interface RunningServer {
  readonly postgres: ThrowawayPostgres
  readonly admin: pg.Pool
}

/**
 * Vitest global setup: one PostgreSQL for the whole run, started when the first test asks for a database.
 *
 * Workers ask over a Unix socket (`createTestDatabase` in @understudy/testing). The server ends with vitest, also when that
 * is killed: it runs under a guard whose pipe we hold.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const socketPath = path.join(os.tmpdir(), `understudy-test-${process.pid}-${project.name}.sock`)
  let started: Promise<RunningServer> | undefined
  let counter = 0
  const server = createServer((request, response) => {
    started ??= start()
    counter += 1
    // Taken now: several may ask while the server starts.
    const wanted = { name: `test_${counter}`, empty: request.url === '/empty' }
    started
      .then((running) => createDatabase(running, wanted))
      .then(
        (connectionString) => response.end(JSON.stringify({ connectionString })),
        (error: unknown) => response.writeHead(500).end(String(error)),
      )
  })
  await listen(server, socketPath)
  project.provide('testDatabaseSocket', socketPath)
  return async () => {
    await new Promise((resolve) => server.close(resolve))
    const running = await started?.catch(() => undefined)
    await running?.admin.end()
    await running?.postgres.stop()
  }
}

async function start(): Promise<RunningServer> {
  const postgres = await startThrowawayPostgres()
  const admin = new pg.Pool({ connectionString: postgres.superuserConnectionString, max: 4 })
  admin.on('error', () => undefined)
  await deployMigrations(postgres.connectionString, MIGRATIONS)
  return { postgres, admin }
}

/** A database of its own for the role that production uses: migrated (a copy of the template) or empty. */
async function createDatabase(
  { postgres, admin }: RunningServer,
  { name, empty }: { readonly name: string; readonly empty: boolean },
): Promise<string> {
  await admin.query(`CREATE DATABASE ${name} OWNER app TEMPLATE ${empty ? 'template1' : TEMPLATE}`)
  const url = new URL(postgres.connectionString)
  url.pathname = `/${name}`
  return url.href
}

function listen(server: Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath, () => resolve())
  })
}
