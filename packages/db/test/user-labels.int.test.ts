import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { rollback, userLabelsOf, verifyAudit } from '../src/index.ts'
import type { FakeNode } from './support/fake-node.ts'
import { World } from './support/world.ts'

let world: World
let node: FakeNode

beforeAll(async () => {
  world = await World.open()
})
beforeEach(async () => {
  await world.reset()
  node = await world.node('node')
  await world.withLive('iris', { config: 'rollout: {strategy: immediate}\n' })
  for (const number of [2, 3]) {
    await world.pushValid('iris', number)
    await world.settle('iris')
  }
})
afterAll(() => world?.close())

const ADA = { actor: 'local:ada', reason: 'it is needed' }

const label = (labels: Readonly<Record<string, number>>) => world.point({ iris: { labels } })

async function planned() {
  const { models } = await node.store.readPlan()
  const [iris] = models
  if (iris === undefined) throw new Error('there is no plan of iris')
  return iris
}

describe("labels of the user's own", () => {
  it('reach the plan once the node has the version, count a generation, and are in the record', async () => {
    const before = await planned()
    expect(before.versions.map(({ number }) => number)).toEqual([2, 3])
    await label({ stable: 1 })
    expect(await world.settle('iris')).toEqual(['labelledLoading', 'labelsMoved'])
    const after = await planned()
    expect(after.labels).toEqual({ live: 3, previous: 2, stable: 1 })
    expect(after.versions.map(({ number }) => number)).toEqual([1, 2, 3])
    expect(after.generation).toBe(before.generation + 1)
    expect((await world.sentences('iris')).at(-1)).toBe('labels of iris: stable points to v1')
    expect(await verifyAudit(world.database)).toMatchObject({ ok: true })
  })

  it('keep no rollback back that was meant before they moved', async () => {
    const { generation } = await planned()
    await label({ stable: 2 })
    await world.settle('iris')
    expect(await rollback(world.database, { model: 'iris', from: 3, generation, ...ADA })).toMatchObject({
      changed: true,
    })
    expect((await planned()).labels).toMatchObject({ live: 2, stable: 2 })
  })

  it('move by one step, and leave live where it is; those that Git no longer names go', async () => {
    await label({ stable: 1, edge: 3 })
    await world.settle('iris')
    await label({ stable: 2 })
    await world.settle('iris')
    const plan = await planned()
    expect(plan.labels).toEqual({ live: 3, previous: 2, stable: 2 })
    expect(plan.versions.map(({ number }) => number)).toEqual([2, 3])
    expect((await world.sentences('iris')).at(-1)).toBe(
      'labels of iris: edge is taken off v3 and stable points to v2 instead of v1',
    )
    await world.point({})
    await world.settle('iris')
    expect((await planned()).labels).toEqual({ live: 3, previous: 2 })
  })

  it('keep their version loaded through rollouts, promotions and rollbacks', async () => {
    await label({ stable: 1 })
    await world.settle('iris')
    await world.pushValid('iris', 4)
    await world.settle('iris')
    expect((await planned()).versions.map(({ number }) => number)).toEqual([1, 3, 4])
    await rollback(world.database, { model: 'iris', ...ADA })
    await world.settle('iris')
    const plan = await planned()
    expect(plan.labels).toEqual({ live: 3, previous: 2, stable: 1 })
    expect(plan.versions.map(({ number }) => number)).toEqual([1, 2, 3])
  })

  it('do not move to a version that a node cannot load, and say so', async () => {
    await label({ stable: 1 })
    await world.settle('iris', { 'iris@1': { state: 'error', reason: 'no memory' } })
    expect((await planned()).labels).toEqual({ live: 3, previous: 2 })
    expect(userLabelsOf(await world.record('iris')).notes).toMatchObject([
      { label: 'stable', refused: false, detail: 'v1 does not load on node: no memory' },
    ])
    expect((await world.reconcile('iris')).open).toBe(true)
    await label({})
    await world.settle('iris')
    expect((await planned()).versions.map(({ number }) => number)).toEqual([2, 3])
  })

  it('are taken from a version that is withdrawn, and do not move to one', async () => {
    await label({ edge: 3 })
    await world.settle('iris')
    await rollback(world.database, { model: 'iris', ...ADA })
    await world.settle('iris')
    expect((await planned()).labels).toEqual({ live: 2, previous: 1 })
    const record = await world.record('iris')
    expect(userLabelsOf(record).notes).toMatchObject([{ refused: true, detail: 'v3 is withdrawn' }])
    expect(await world.settle('iris')).toEqual([])
  })
})
