import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { isPortFree } from '@understudy/db/embedded'
import { waitFor } from '@understudy/testing'
import { createTestDatabase } from '@understudy/testing/database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestPlatform, type UpRun } from './support/platform.ts'

let platform: TestPlatform
let run: UpRun
let env: Readonly<Record<string, string>>
beforeAll(async () => {
  env = { DATABASE_URL: (await createTestDatabase()).connectionString }
  platform = await TestPlatform.create()
  run = platform.up({ nodes: 3, env })
  await run.running()
})
afterAll(() => platform?.close())

async function pid(): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${platform.restPort}/v1/models/iris:predict`, {
    headers: { connection: 'close' },
  })
  return JSON.parse(await response.text()).pid
}

/** Numbers of the nodes' processes, as those tell that answer. */
async function answeringPids(count: number): Promise<Set<number>> {
  const seen = new Set<number>()
  await waitFor(`${count} nodes to answer`, async () => seen.add(await pid()).size === count)
  return seen
}

async function nodeEnvironments(): Promise<Record<string, string>[]> {
  const read = async (number: number) => {
    const log = await readFile(path.join(platform.dataDir, `logs/serving-node-${number}.log`), 'utf8')
    return JSON.parse(/environment (.*)/.exec(log)?.[1] ?? '{}')
  }
  return await Promise.all([1, 2, 3].map(read))
}

const keptPorts = async (): Promise<number[]> =>
  JSON.parse(await readFile(path.join(platform.dataDir, 'node-ports.json'), 'utf8'))

describe('understudy up --nodes 3', () => {
  it('runs three nodes of their own names, ports and memory behind the public port, and says so', async () => {
    expect(run.output).toContain(`  Nodes     3, behind a balancer on 127.0.0.1:${platform.restPort}\n`)
    expect((await answeringPids(3)).size).toBe(3)
    const environments = await nodeEnvironments()
    expect(environments.map(({ UNDERSTUDY_NODE_NAME }) => UNDERSTUDY_NODE_NAME)).toEqual([
      'serving-1',
      'serving-2',
      'serving-3',
    ])
    const ports = environments.flatMap((one) => [
      Number(one.UNDERSTUDY_REST_PORT),
      Number(one.UNDERSTUDY_GRPC_PORT),
    ])
    expect(ports).toEqual(await keptPorts())
    expect(new Set(environments.map((one) => one.UNDERSTUDY_MODEL_MEMORY_MIB))).toEqual(new Set(['2730']))
    expect(new Set(environments.map((one) => one.UNDERSTUDY_SERVING_URL))).toEqual(
      new Set([`http://127.0.0.1:${platform.restPort}`]),
    )
  })

  it('answers from the others while one that crashed starts again', async () => {
    const before = await answeringPids(3)
    await fetch(`http://127.0.0.1:${platform.restPort}/crash`).catch(() => undefined)
    await waitFor('the end of one', () => /serving node \d ended with code 7/.test(run.output))
    for (let count = 0; count < 6; count++) expect(before.has(await pid())).toBe(true)
    await waitFor('it to be back', () => /serving node \d is ready again/.test(run.output))
    await answeringPids(3)
  })

  it('starts a balancer that was killed again', async () => {
    const log = await readFile(path.join(platform.dataDir, 'logs/balancer.log'), 'utf8')
    process.kill(Number(/"pid":(\d+)/.exec(log)?.[1]), 'SIGKILL')
    await waitFor('it to be back', () => run.output.includes('balancer is ready again'))
    expect(run.output).toContain('balancer was ended by SIGKILL; it starts again in 0.5 s')
    await answeringPids(3)
  })

  it('stops nodes, then the balancer, and leaves nothing; the next start has the same ports', async () => {
    run.child.kill('SIGTERM')
    expect(await run.exit).toBe(0)
    const stopped = [...run.output.matchAll(/ s {2}(\S.*) has stopped/g)].map(([, name]) => name)
    expect(stopped.slice(0, 1)).toEqual(['console'])
    expect(stopped.slice(1, 4).toSorted()).toEqual(['serving node 1', 'serving node 2', 'serving node 3'])
    expect(stopped.slice(4)).toEqual(['balancer', 'controller'])
    expect(await platform.processes()).toEqual([])
    expect(await isPortFree(platform.restPort)).toBe(true)
    const ports = await keptPorts()
    const again = platform.up({ nodes: 2, env })
    await again.running()
    expect(await keptPorts()).toEqual(ports)
    await answeringPids(2)
  })
})
