import { execFile, spawn } from 'node:child_process'
import { chmod, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { waitFor } from '@understudy/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { isPortFree } from '../src/embedded/index.ts'
import { guardedCommand } from '../src/guard/index.ts'
import { EmbeddedCluster, newClusterFolder, query } from '../test/support/embedded-cluster.ts'
import { SOURCE_GUARD } from '../tools/throwaway-postgres.ts'

let cluster: EmbeddedCluster

beforeAll(async () => {
  cluster = await EmbeddedCluster.create()
})
afterEach(() => cluster.end())
afterAll(() => cluster?.remove())

describe('EmbeddedPostgres', () => {
  it('recovers what was committed when the server was killed', async () => {
    const postgres = await cluster.prepare({ durable: true })
    await cluster.start(postgres)
    await query(postgres.connectionString, 'CREATE TABLE committed AS SELECT 7 AS x')
    process.kill(await cluster.serverPid(), 'SIGKILL')
    const again = await cluster.prepare()
    await cluster.start(again)
    expect(await query(again.connectionString, 'SELECT x FROM committed')).toEqual([{ x: 7 }])
  })

  it('ends a server whose guard was killed, and starts on its data', async () => {
    const postgres = await cluster.prepare()
    const [file = '', ...args] = guardedCommand(SOURCE_GUARD, postgres.program)
    const guard = spawn(file, args, { stdio: ['pipe', 'ignore', 'ignore'] })
    cluster.own(guard)
    await postgres.untilReady(AbortSignal.timeout(30_000))
    const orphan = await cluster.serverPid()
    guard.kill('SIGKILL')
    const again = await cluster.prepare()
    await cluster.start(again)
    expect(await cluster.serverPid()).not.toBe(orphan)
    expect(again.port).toBe(postgres.port)
  })

  it('starts although the number in a stale pid file now belongs to a stranger', async () => {
    const postgres = await cluster.prepare()
    await (await cluster.start(postgres)).stop()
    await writeFile(
      path.join(cluster.folder, 'data', 'postmaster.pid'),
      `${process.pid}\n${path.join(cluster.folder, 'data')}\n`,
    )
    const again = await cluster.prepare()
    await cluster.start(again)
    expect(await query(again.connectionString, 'SELECT 1 AS x')).toEqual([{ x: 1 }])
  })

  it('begins anew when it was killed while creating the cluster', async () => {
    const postgres = await cluster.prepare()
    await rename(path.join(cluster.folder, 'data'), path.join(cluster.folder, 'data.unfinished'))
    await writeFile(path.join(cluster.folder, 'initdb.password'), 'left behind')
    const again = await cluster.prepare()
    await cluster.start(again)
    expect(again.connectionString).toBe(postgres.connectionString)
  })

  it('ends with the process that started it, even when that is killed', async () => {
    const postgres = await cluster.prepare()
    const [file = '', ...args] = guardedCommand(SOURCE_GUARD, postgres.program)
    const parent = spawn(process.execPath, [
      '-e',
      `require('child_process').spawn(${JSON.stringify(file)}, ${JSON.stringify(args)}, { stdio: ['pipe', 'ignore', 'ignore'], detached: true }); setInterval(() => {}, 1000)`,
    ])
    cluster.own(parent)
    await postgres.untilReady(AbortSignal.timeout(30_000))
    const pid = await cluster.serverPid()
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

  it('works for an ordinary user, who needs no other account', async () => {
    const asRoot = process.getuid?.() === 0
    const reachable = (await readableByAll(SOURCE_GUARD.at(-1) ?? '')) ? { uid: 65_534, gid: 65_534 } : {}
    const own = await newClusterFolder()
    if (asRoot) await chmod(path.dirname(own), 0o777)
    const program = fileURLToPath(new URL('../test/support/start-once.ts', import.meta.url))
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
