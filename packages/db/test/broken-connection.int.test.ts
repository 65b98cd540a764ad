import { randomUUID } from 'node:crypto'
import { Cable, waitFor } from '@understudy/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { NodeStore, OutcomeStore } from '../src/node/index.ts'
import { codeOf } from './support/code-of.ts'
import { OutcomeWorld } from './support/outcome-world.ts'

let world: OutcomeWorld
let cable: Cable
let databaseUrl: string

beforeAll(async () => {
  world = await OutcomeWorld.open()
  await world.model('iris')
  await world.database.prisma.plan.create({ data: { modelName: 'iris', generation: 1 } })
})
afterAll(() => world.close())
beforeEach(async () => {
  const url = new URL(world.databaseUrl)
  cable = new Cable({ host: url.hostname, port: Number(url.port) })
  url.port = String(await cable.open())
  databaseUrl = url.href
})
afterEach(() => cable.close())

/** Runs `work` against a lock that somebody else holds, and cuts its connection while it waits. */
async function cutWhileWaiting(application: string, lock: string, work: () => Promise<unknown>) {
  const { prisma } = world.database
  return await prisma.$transaction(async (tx) => {
    await tx.$executeRawUnsafe(lock)
    const outcome = codeOf(work())
    await waitFor(`${application} to wait`, async () => {
      const rows = await prisma.$queryRaw<object[]>`
        SELECT 1 FROM pg_stat_activity WHERE application_name = ${application} AND wait_event_type = 'Lock'`
      return rows.length > 0
    })
    cable.cut()
    return await outcome
  })
}

// An error of a connection that nobody listens to ends a process; here it would fail the whole run.
describe('a connection that breaks in the middle of a transaction', () => {
  it('fails the report of a node, and the next one is written', async () => {
    const store = new NodeStore({
      ...{ databaseUrl, incarnation: randomUUID(), name: 'cut', restUrl: 'http://127.0.0.1:1' },
    })
    const report = () => store.report({ ready: true, draining: false, observed: { iris: 1 }, servables: [] })
    await cutWhileWaiting(
      'understudy-serving cut',
      "SELECT 1 FROM plan WHERE model = 'iris' FOR UPDATE",
      () => expect(report()).rejects.toThrow(),
    )
    cable.isCut = false
    await report()
    expect(await world.database.prisma.node.findMany()).toMatchObject([{ name: 'cut', ready: true }])
    await store.close()
  })

  it('fails the report of an outcome, and the next one counts', async () => {
    const store = new OutcomeStore({ databaseUrl, name: 'cut' })
    const outcome = { model: 'iris', requestId: 'r-1', row: 0, truth: { label: 'setosa' } }
    const report = () => store.report([outcome], { keyId: null, mayUse: () => true })
    const lock = `INSERT INTO outcome (model, request_id, row, label, reported_by) VALUES ('iris', 'r-1', 0, 'setosa', 'other')`
    expect(await cutWhileWaiting('understudy-outcomes cut', lock, report)).toBe('outcomes.unavailable')
    cable.isCut = false
    expect(await report()).toEqual({ statuses: ['duplicate'] })
    await store.close()
  })
})
