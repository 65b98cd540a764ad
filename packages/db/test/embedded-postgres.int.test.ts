import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../src/embedded/index.ts'
import { EmbeddedCluster, query } from './support/embedded-cluster.ts'

/** One cluster for all: each test but the first starts on the data of those before it. */
let cluster: EmbeddedCluster

beforeAll(async () => {
  cluster = await EmbeddedCluster.create()
})
afterEach(() => cluster.end())
afterAll(() => cluster?.remove())

describe('EmbeddedPostgres', () => {
  it('gives our processes a role that owns its database and is not superuser', async () => {
    const postgres = await cluster.prepare()
    await cluster.start(postgres)
    const [role] = await query(
      postgres.connectionString,
      'SELECT * FROM pg_roles WHERE rolname = current_user',
    )
    expect(role).toMatchObject({ rolname: 'app', rolsuper: false, rolcreatedb: false, rolcreaterole: false })
    await query(postgres.connectionString, 'CREATE TABLE mine (x int)')
  })

  it('lets nobody in without the password, and listens on loopback only', async () => {
    const postgres = await cluster.prepare()
    await cluster.start(postgres)
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
    await cluster.prepare()
    expect((await stat(path.join(cluster.folder, 'cluster.json'))).mode & 0o777).toBe(0o600)
    await expect(stat(path.join(cluster.folder, 'initdb.password'))).rejects.toThrow(/ENOENT/)
  })

  it('keeps data, port and passwords from one start to the next', async () => {
    const first = await cluster.prepare()
    const server = await cluster.start(first)
    await query(first.connectionString, 'CREATE TABLE kept AS SELECT 7 AS x')
    await server.stop()
    const second = await cluster.prepare()
    await cluster.start(second)
    expect(second.connectionString).toBe(first.connectionString)
    expect(await query(second.connectionString, 'SELECT x FROM kept')).toEqual([{ x: 7 }])
  })

  it('takes the port it is told, remembers it, and takes another when it is no longer free', async () => {
    const wanted = await freePort()
    expect((await cluster.prepare({ port: wanted })).port).toBe(wanted)
    expect((await cluster.prepare()).port).toBe(wanted)
    const stranger = createServer().listen(wanted, '127.0.0.1')
    await once(stranger, 'listening')
    expect((await cluster.prepare()).port).not.toBe(wanted)
    stranger.close()
  })

  it('runs the server as an account that is not root, and keeps its data to that account', async () => {
    const postgres = await cluster.prepare()
    await cluster.start(postgres)
    const data = await stat(path.join(cluster.folder, 'data'))
    expect(data.uid).not.toBe(0)
    expect(data.mode & 0o777).toBe(0o700)
    expect(await query(postgres.connectionString, 'SELECT 1 AS x')).toEqual([{ x: 1 }])
  })
})
