import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { reject, retry } from '../src/index.ts'
import { codeOf } from './support/code-of.ts'
import { digestOf, type FakeNode, World } from './support/index.ts'

let world: World
let node: FakeNode
let counter = 0
/** A model in its shadow: version 1 is live, version 2 is tried. */
let model = ''

beforeAll(async () => {
  world = await World.open()
  node = await world.node('node-1')
})
afterAll(() => world.close())
beforeEach(async () => {
  counter += 1
  model = `model-${counter}`
  await world.withLive(model)
  await world.pushValid(model, 2)
  expect(await world.settle(model)).toEqual(['started', 'shadowReady'])
})

const ada = 'local:ada'
const rows = () => world.database.prisma.executorIncident.findMany({ where: { modelName: model } })

async function incidentsOf(number: number) {
  const { versions } = await world.record(model)
  return versions.find((version) => version.number === number)?.incidents
}

describe('an incident', () => {
  it('is recorded against its version, once however often it is reported', async () => {
    const incident = await node.incidentOf(model, 2, { kind: 'crash', confirmedInput: 'ab12' })
    await node.store.recordIncidents([incident])
    await node.store.recordIncidents([incident, incident])
    await node.store.recordIncidents([{ ...incident, message: 'another story' }])
    expect(await rows()).toMatchObject([
      {
        ...{ modelName: model, number: 2n, digest: digestOf(`${model} 2`), kind: 'crash' },
        ...{ incarnation: node.incarnation, message: incident.message, confirmedInput: 'ab12' },
        at: new Date(incident.atMs),
      },
    ])
    expect(await incidentsOf(1)).toEqual([])
  })

  it('is summed by kind over nodes, the newest first and in its words', async () => {
    const other = await world.node('node-2', { keepsUp: false })
    const atMs = Date.now()
    await node.suffers(model, 1, { kind: 'crash', message: 'first', atMs })
    await other.suffers(model, 1, { kind: 'crash', message: 'second', atMs: atMs + 1, confirmedInput: 'ab' })
    await node.suffers(model, 1, { kind: 'hang', message: 'third', atMs: atMs + 2 })
    expect(await incidentsOf(1)).toEqual([
      { kind: 'hang', count: 1, confirmed: 0, message: 'third', at: new Date(atMs + 2) },
      { kind: 'crash', count: 2, confirmed: 1, message: 'second', at: new Date(atMs + 1) },
    ])
    await other.leave()
  })

  it('does not count against other bytes of the same number', async () => {
    await node.suffers(model, 2, { digest: 'other bytes' })
    expect(await incidentsOf(2)).toEqual([])
  })

  it('is kept in a bounded number of each kind, and one kind never pushes out another', async () => {
    const atMs = Date.now()
    await node.suffers(model, 1, { kind: 'hang', atMs: atMs - 1 })
    for (let batch = 0; batch < 3; batch += 1) {
      const incidents = await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          node.incidentOf(model, 1, { kind: 'crash', atMs: atMs + 40 * batch + index }),
        ),
      )
      await node.store.recordIncidents(incidents)
    }
    expect(await incidentsOf(1)).toMatchObject([
      { kind: 'crash', count: 50, at: new Date(atMs + 119) },
      { kind: 'hang', count: 1 },
    ])
  })

  it('is stored whatever a process said at its end, and never changed', async () => {
    await node.suffers(model, 1, { message: `a\0b ${'x'.repeat(5_000)}` })
    const [row] = await rows()
    expect(row?.message).toMatch(/^a\uFFFDb x+$/)
    expect(row?.message.length).toBe(1_000)
    const { prisma } = world.database
    const change = prisma.executorIncident.updateMany({ where: { modelName: model }, data: { kind: 'hang' } })
    await expect(change).rejects.toThrow('never changed')
  })
})

describe('a process of the candidate that has to be ended', () => {
  it('for memory once is no reason to fail, the second time it is', async () => {
    await node.suffers(model, 2)
    expect(await world.settle(model)).toEqual([])
    await node.suffers(model, 2)
    expect(await world.settle(model)).toEqual(['failed'])
    expect(await world.rollout(model)).toMatchObject({
      state: 'failed',
      reason: 'invariant',
      verdict: 'fail',
    })
    expect((await world.rollout(model)).summary).toContain(
      'its process was ended twice for memory: It needed more than its limit of 512 MiB.',
    )
    expect(await world.record(model)).toMatchObject({ live: 1 })
    expect(await codeOf(retry(world.database, { model, actor: ada }))).toBe('rollout.retry_refused')
  })

  it('on two nodes, for two reasons, fails it too', async () => {
    const other = await world.node('node-2', { keepsUp: false })
    await node.suffers(model, 2, { kind: 'hang' })
    await other.suffers(model, 2, { kind: 'frame' })
    expect(await world.settle(model)).toEqual(['failed'])
    await other.leave()
  })

  it.each([
    ['crashes, which an input has to repeat', { kind: 'crash' }],
    ['those that were there to find the input', { confirmedInput: 'ab12' }],
    ['what happened before the rollout', { atMs: Date.now() - 3_600_000 }],
    ['other bytes', { digest: 'other' }],
  ] as const)('is not counted for %s', async (_what, changes) => {
    for (let time = 0; time < 3; time += 1) await node.suffers(model, 2, changes)
    expect(await world.settle(model)).toEqual([])
  })

  it('only informs where the version is live', async () => {
    for (let time = 0; time < 3; time += 1) await node.suffers(model, 1)
    expect(await world.settle(model)).toEqual([])
    expect(await incidentsOf(1)).toMatchObject([{ kind: 'memory', count: 3 }])
  })

  it('after a pass still fails it before it is promoted', async () => {
    await node.counts(model, { pairs: 600 })
    expect(await world.settle(model)).toEqual(['passed'])
    await node.suffers(model, 2)
    await node.suffers(model, 2)
    expect(await world.settle(model)).toEqual(['failed'])
  })

  it('counts for one rollout: the next begins with none', async () => {
    await node.suffers(model, 2)
    await reject(world.database, { model, reason: 'not today', actor: ada })
    await retry(world.database, { model, actor: ada })
    expect(await world.settle(model)).toEqual(['started', 'shadowReady'])
    await node.suffers(model, 2)
    expect(await world.settle(model)).toEqual([])
    await node.suffers(model, 2)
    expect(await world.settle(model)).toEqual(['failed'])
  })
})

describe('an input that ends the process of the candidate each time, and that the baseline answers', () => {
  it('fails the rollout at once', async () => {
    const detail = 'an input ends its process each time it runs; the baseline answers it'
    await node.counts(model, { pairs: 1, breach: { kind: 'crash', detail } })
    expect(await world.settle(model)).toEqual(['failed'])
    expect(await world.rollout(model)).toMatchObject({ reason: 'invariant', verdict: 'fail' })
    expect((await world.rollout(model)).summary).toContain(detail)
  })
})
