import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { waitFor } from '@understudy/testing'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  EmbeddedPostgres,
  freePort,
  isPortFree,
  type RunningPostgres,
  startGuarded,
} from '../src/embedded/index.ts'
import { guardedCommand } from '../src/guard/index.ts'
import { SOURCE_GUARD } from '../tools/throwaway-postgres.ts'

/** One cluster for all: each test but the first starts on the data of those before it. */
let folder: string
let running: RunningPostgres[] = []
let spawned: ChildProcess[] = []

beforeAll(async () => {
  folder = await newFolder()
})

afterAll(() => rm(path.dirname(folder), { recursive: true, force: true }))

afterEach(async () => {
  for (const server of running) await server.stop()
  for (const child of spawned) child.kill('SIGKILL')
  running = []
  spawned = []
})

async function newFolder(): Promise<string> {
  const parent = await mkdtemp(path.join(os.tmpdir(), 'embedded-'))
  await chmod(parent, 0o711)
  return path.join(parent, 'postgres')
}

const prepare = (options: { port?: number; durable?: boolean } = {}) =>
  EmbeddedPostgres.prepare({ folder, durable: false, ...options })

async function start(postgres: EmbeddedPostgres): Promise<RunningPostgres> {
  const server = await startGuarded(postgres, SOURCE_GUARD)
  running.push(server)
  return server
}

async function query<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query<T>(sql)).rows
  } finally {
    await client.end()
  }
}

async function serverPid(): Promise<number> {
  return Number((await readFile(path.join(folder, 'data', 'postmaster.pid'), 'utf8')).split('\n')[0])
}

describe('EmbeddedPostgres', () => {
  it('gives our processes a role that owns its database and is not superuser', async () => {
    const postgres = await prepare()
    await start(postgres)
    const [role] = await query(
      postgres.connectionString,
      'SELECT * FROM pg_roles WHERE rolname = current_user',
    )
    expect(role).toMatchObject({ rolname: 'app', rolsuper: false, rolcreatedb: false, rolcreaterole: false })
    await query(postgres.connectionString, 'CREATE TABLE mine (x int)')
  })

  it('lets nobody in without the password, and listens on loopback only', async () => {
    const postgres = await prepare()
    await start(postgres)
    const stranger = postgres.connectionString.replace(/:[0-9a-f]+@/, ':guess@')
    await expect(query(stranger, 'SELECT 1')).rejects.toThrow(/password authentication failed/)
    const settings = await query(
      postgres.superuserConnectionString,
      `SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses', 'unix_socket_directories') ORDER BY 1`,
    )
    expect(settings.map((row) => row.setting)).toEqual(['127.0.0.1', ''])
    const hba = await query(
      postgres.superuserConnectionString,
      'SELECT DISTINCT auth_method FROM pg_hba_file_rules',
    )
    expect(hba).toEqual([{ auth_method: 'scram-sha-256' }])
  })

  it('keeps its passwords readable to us alone', async () => {
    await prepare()
    expect((await stat(path.join(folder, 'cluster.json'))).mode & 0o777).toBe(0o600)
    await expect(stat(path.join(folder, 'initdb.password'))).rejects.toThrow(/ENOENT/)
  })

  it('keeps data, port and passwords from one start to the next', async () => {
    const first = await prepare()
    const server = await start(first)
    await query(first.connectionString, 'CREATE TABLE kept AS SELECT 7 AS x')
    await server.stop()
    const second = await prepare()
    await start(second)
    expect(second.connectionString).toBe(first.connectionString)
    expect(await query(second.connectionString, 'SELECT x FROM kept')).toEqual([{ x: 7 }])
  })

  it('takes the port it is told, remembers it, and takes another when it is no longer free', async () => {
    const wanted = await freePort()
    expect((await prepare({ port: wanted })).port).toBe(wanted)
    expect((await prepare()).port).toBe(wanted)
    const stranger = createServer().listen(wanted, '127.0.0.1')
    await once(stranger, 'listening')
    expect((await prepare()).port).not.toBe(wanted)
    stranger.close()
  })

  it('recovers what was committed when the server was killed', async () => {
    const postgres = await prepare({ durable: true })
    await start(postgres)
    await query(postgres.connectionString, 'CREATE TABLE committed AS SELECT 7 AS x')
    process.kill(await serverPid(), 'SIGKILL')
    const again = await prepare()
    await start(again)
    expect(await query(again.connectionString, 'SELECT x FROM committed')).toEqual([{ x: 7 }])
  })

  it('ends a server whose guard was killed, and starts on its data', async () => {
    const postgres = await prepare()
    const [file = '', ...args] = guardedCommand(SOURCE_GUARD, postgres.program)
    const guard = spawn(file, args, { stdio: ['pipe', 'ignore', 'ignore'] })
    spawned.push(guard)
    await postgres.untilReady(AbortSignal.timeout(30_000))
    const orphan = await serverPid()
    guard.kill('SIGKILL')
    const again = await prepare()
    await start(again)
    expect(await serverPid()).not.toBe(orphan)
    expect(again.port).toBe(postgres.port)
  })

  it('starts although the number in a stale pid file now belongs to a stranger', async () => {
    const postgres = await prepare()
    await (await start(postgres)).stop()
    await writeFile(
      path.join(folder, 'data', 'postmaster.pid'),
      `${process.pid}\n${path.join(folder, 'data')}\n`,
    )
    const again = await prepare()
    await start(again)
    expect(await query(again.connectionString, 'SELECT 1 AS x')).toEqual([{ x: 1 }])
  })

  it('begins anew when it was killed while creating the cluster', async () => {
    const postgres = await prepare()
    await rename(path.join(folder, 'data'), path.join(folder, 'data.unfinished'))
    await writeFile(path.join(folder, 'initdb.password'), 'left behind')
    const again = await prepare()
    await start(again)
    expect(again.connectionString).toBe(postgres.connectionString)
  })

  it('ends with the process that started it, even when that is killed', async () => {
    const postgres = await prepare()
    const [file = '', ...args] = guardedCommand(SOURCE_GUARD, postgres.program)
    const parent = spawn(process.execPath, [
      '-e',
      `require('child_process').spawn(${JSON.stringify(file)}, ${JSON.stringify(args)}, { stdio: ['pipe', 'ignore', 'ignore'], detached: true }); setInterval(() => {}, 1000)`,
    ])
    spawned.push(parent)
    await postgres.untilReady(AbortSignal.timeout(30_000))
    const pid = await serverPid()
    parent.kill('SIGKILL')
    await waitFor('the server to end', () => {
      try {
        return !process.kill(pid, 0)
      } catch {
        return true
      }
    })
    await waitFor('its port to be free', () => isPortFree(postgres.port))
  })

  it('runs the server as an account that is not root, and keeps its data to that account', async () => {
    const postgres = await prepare()
    await start(postgres)
    const data = await stat(path.join(folder, 'data'))
    expect(data.uid).not.toBe(0)
    expect(data.mode & 0o777).toBe(0o700)
    expect(await query(postgres.connectionString, 'SELECT 1 AS x')).toEqual([{ x: 1 }])
  })

  it('works for an ordinary user, who needs no other account', async () => {
    const asRoot = process.getuid?.() === 0
    const reachable = (await readableByAll(SOURCE_GUARD.at(-1) ?? '')) ? { uid: 65_534, gid: 65_534 } : {}
    const own = await newFolder()
    if (asRoot) await chmod(path.dirname(own), 0o777)
    const program = fileURLToPath(new URL('./support/start-once.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [...SOURCE_GUARD.slice(1, 3), program, own],
      asRoot ? { ...reachable, env: { PATH: '/usr/bin:/bin', TMPDIR: path.dirname(own) } } : {},
    )
    await rm(path.dirname(own), { recursive: true, force: true })
    expect(stdout).toMatch(/served uid \d+/)
    if (asRoot && 'uid' in reachable) expect(stdout).toContain('65534')
  })
})

/** Whether every account may pass through to this file: not so below a closed home. */
async function readableByAll(file: string): Promise<boolean> {
  for (let at = file; at !== path.dirname(at); at = path.dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0 && at !== file) return false
  }
  return true
}
