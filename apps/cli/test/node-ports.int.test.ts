import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { systemClock } from '@understudy/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodePorts } from '../src/up/node-ports.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'node-ports-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const choose = (count: number, reserved: readonly number[] = [], patienceMs = 0) =>
  nodePorts({ file: path.join(folder, 'ports.json'), count, reserved, patienceMs, clock: systemClock })

async function hold(port: number) {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

describe('nodePorts', () => {
  it('chooses different ports and keeps them, also those that fewer nodes do not need', async () => {
    const ports = await choose(3)
    expect(new Set(ports).size).toBe(3)
    expect(await choose(2)).toEqual(ports.slice(0, 2))
    expect(await choose(3)).toEqual(ports)
  })

  it('chooses another in the place of one that is taken or meant for something else', async () => {
    const [first = 0, second = 0, third = 0] = await choose(3)
    const server = await hold(first)
    const [other, another, same] = await choose(3, [second])
    server.close()
    expect(other).not.toBe(first)
    expect(another).not.toBe(second)
    expect(same).toBe(third)
  })

  it('waits a moment for one whose holder is ending', async () => {
    const ports = await choose(1)
    const server = await hold(ports[0] ?? 0)
    const again = choose(1, [], 10_000)
    server.close()
    expect(await again).toEqual(ports)
  })

  it.each(['', 'not json', '{}', '["a"]', '[80]'])('begins afresh with a file that says %j', async (text) => {
    await writeFile(path.join(folder, 'ports.json'), text)
    const ports = await choose(2)
    expect(JSON.parse(await readFile(path.join(folder, 'ports.json'), 'utf8'))).toEqual(ports)
  })
})
