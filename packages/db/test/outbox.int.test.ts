import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  approve,
  enqueueNotification,
  findAlarms,
  listNotifications,
  type Notification,
  OutboxQueue,
  openDatabase,
  reject,
  rollback,
  tellQualityAlarms,
} from '../src/index.ts'
import { World } from './support/world.ts'

const ADA = 'local:ada'
const KINDS = ['promoted', 'failed'] as const
const SOON = { reason: 'answered 503', refused: false, retryInMs: 60_000 }
let world: World
let queue: OutboxQueue

beforeAll(async () => {
  world = await World.open()
  queue = new OutboxQueue(world.database)
})
beforeEach(() => world.reset())
afterAll(() => world.close())

function notification(key: string, changes: Partial<Notification> = {}): Notification {
  return {
    ...{ kind: 'promoted', dedupKey: key, model: 'iris', version: 1, title: key, sentence: key },
    ...{ path: '/', details: {}, ...changes },
  }
}

async function enqueue(...keys: readonly (string | Notification)[]): Promise<void> {
  await world.database.transaction(async (tx) => {
    for (const key of keys) await enqueueNotification(tx, typeof key === 'string' ? notification(key) : key)
  })
}

async function told(): Promise<string[]> {
  const rows = await listNotifications(world.database.prisma)
  return rows.map(({ kind }) => kind).reverse()
}

/** Lets time pass for everything of the outbox. */
async function pass(ms: number): Promise<void> {
  await world.database.prisma.$executeRaw`
    UPDATE outbox_delivery SET planned_at = planned_at - ${ms} * interval '1 millisecond', next_at = next_at - ${ms} * interval '1 millisecond',
      lease_until = lease_until - ${ms} * interval '1 millisecond'`
  await world.database.prisma.$executeRaw`
    UPDATE outbox SET created_at = created_at - ${ms} * interval '1 millisecond', planned_at = planned_at - ${ms} * interval '1 millisecond'`
}

describe('what is told', () => {
  it('an event is told once, and not at all when its transaction is rolled back', async () => {
    await enqueue('a', 'a')
    await expect(
      world.database.transaction(async (tx) => {
        await enqueueNotification(tx, notification('b'))
        throw new Error('rolled back')
      }),
    ).rejects.toThrow('rolled back')
    expect(await told()).toEqual(['promoted'])
  })

  it('a line from push to rollback tells of each event that is news, in the order in which it happened', async () => {
    const node = await world.node('node-1')
    await world.withLive('iris')
    await world.pushValid('iris', 2)
    await world.settle('iris')
    await node.counts('iris', { pairs: 600 })
    await world.settle('iris')
    await approve(world.database, { model: 'iris', version: 2, actor: ADA })
    await world.settle('iris')
    expect(await told()).toEqual(['promoted', 'needsApproval', 'promoted'])
    await rollback(world.database, { model: 'iris', from: 2, reason: 'it flips', actor: ADA })
    await rollback(world.database, { model: 'iris', from: 2, reason: 'it flips', actor: ADA })
    await world.pushValid('iris', 3)
    await world.settle('iris')
    await reject(world.database, { model: 'iris', reason: 'not this one', actor: ADA })
    const rows = await listNotifications(world.database.prisma)
    expect(rows.map(({ sentence }) => sentence).slice(0, 2)).toEqual([
      'iris v3: local:ada rejected it: not this one',
      'local:ada rolled iris back from v2 to v1: it flips',
    ])
  })

  it('text that Postgres cannot hold is told all the same', async () => {
    await enqueue(notification('nul', { sentence: 'a\0b\ud800' }))
    expect((await listNotifications(world.database.prisma))[0]?.sentence).toBe('a\ufffdb\ufffd')
  })
})

describe('deliveries', () => {
  it('are made for the channels of that moment and the kinds they want; a later channel tells nothing of the past', async () => {
    await enqueue('a', notification('b', { kind: 'driftTooLong' }))
    expect(await queue.plan(['webhook', 'slack'], KINDS)).toBe(2)
    expect(await queue.plan(['webhook', 'slack', 'email'], KINDS)).toBe(0)
    expect(await queue.claim('email')).toBeUndefined()
    expect(await queue.claim('slack')).toMatchObject({ title: 'a', attempts: 1, model: 'iris', version: 1 })
  })

  it('of one model go out one after the other; other models and channels wait for nobody', async () => {
    await enqueue('a1', 'a2', notification('b1', { model: 'wine' }))
    await queue.plan(['webhook', 'slack'], KINDS)
    const first = await queue.claim('webhook')
    expect(first?.title).toBe('a1')
    expect((await queue.claim('webhook'))?.title).toBe('b1')
    expect(await queue.claim('webhook')).toBeUndefined()
    expect((await queue.claim('slack'))?.title).toBe('a1')
    if (first) await queue.delivered(first)
    expect((await queue.claim('webhook'))?.title).toBe('a2')
  })

  it('that failed are due after the pause, or as soon as the channel works again', async () => {
    await enqueue('a1', notification('b1', { model: 'wine' }))
    await queue.plan(['webhook'], KINDS)
    const first = await queue.claim('webhook')
    if (first) await queue.failed(first, SOON)
    const other = await queue.claim('webhook')
    expect(other?.title).toBe('b1')
    expect(await queue.claim('webhook')).toBeUndefined()
    if (other) await queue.delivered(other)
    expect(await queue.claim('webhook')).toMatchObject({ title: 'a1', attempts: 2, id: first?.id })
  })

  it('that their receiver refused hold no later one back', async () => {
    await enqueue('a1', 'a2')
    await queue.plan(['webhook'], KINDS)
    const first = await queue.claim('webhook')
    if (first) await queue.failed(first, { ...SOON, reason: 'answered 400', refused: true })
    expect((await queue.claim('webhook'))?.title).toBe('a2')
  })

  it('whose holder died are given out again after the lease, under the same id, and the dead one can spoil nothing', async () => {
    await enqueue('a')
    await queue.plan(['webhook'], KINDS)
    const dead = await queue.claim('webhook')
    expect(await queue.claim('webhook')).toBeUndefined()
    await pass(61_000)
    const next = await queue.claim('webhook')
    expect(next).toMatchObject({ id: dead?.id, attempts: 2 })
    if (dead) await queue.failed(dead, { ...SOON, retryInMs: 0 })
    expect(await queue.claim('webhook')).toBeUndefined()
    if (next) await queue.delivered(next)
    await pass(86_400_000)
    expect(await queue.claim('webhook')).toBeUndefined()
  })

  it('never have two holders, however many controllers ask at once', async () => {
    await enqueue(...Array.from({ length: 24 }, (_, i) => notification(`n${i}`, { model: `model-${i % 6}` })))
    const other = openDatabase({ databaseUrl: world.databaseUrl, applicationName: 'another controller' })
    const queues = [queue, new OutboxQueue(other)]
    await Promise.all(queues.map((each) => each.plan(['webhook'], KINDS)))
    const got: string[] = []
    const work = async (each: OutboxQueue) => {
      for (let idle = 0; idle < 20; ) {
        const claim = await each.claim('webhook')
        if (!claim) {
          idle += 1
          continue
        }
        idle = 0
        got.push(claim.title)
        await each.delivered(claim)
      }
    }
    await Promise.all([...queues, ...queues].map(work))
    await other.close()
    expect(got).toHaveLength(24)
    expect(new Set(got).size).toBe(24)
    for (let model = 0; model < 6; model++) {
      const own = got.filter((title) => Number(title.slice(1)) % 6 === model)
      expect(own).toEqual([0, 6, 12, 18].map((step) => `n${model + step}`))
    }
  })

  it('are given up after a day, which is recorded and shown', async () => {
    await enqueue('a')
    await queue.plan(['webhook'], KINDS)
    const early = await queue.claim('webhook')
    expect(early && (await queue.failed(early, SOON))).toEqual({ givenUp: false })
    await pass(86_400_000)
    const late = await queue.claim('webhook')
    expect(late && (await queue.failed(late, SOON))).toEqual({ givenUp: true })
    expect(await queue.claim('webhook')).toBeUndefined()
    expect(await world.sentences('iris')).toEqual([
      'Gave up to tell "a" by webhook after 2 attempts: answered 503',
    ])
    const [row] = await listNotifications(world.database.prisma)
    expect(row?.deliveries).toMatchObject([{ channel: 'webhook', attempts: 2, lastError: 'answered 503' }])
    expect(row?.deliveries[0]?.givenUpAt).toBeInstanceOf(Date)
  })

  it('of a controller that was away for days are still tried, and those of a channel that is gone are not kept', async () => {
    await enqueue('a')
    await queue.plan(['webhook', 'slack'], KINDS)
    await pass(3 * 86_400_000)
    await queue.tidy(['webhook'])
    expect(await queue.claim('slack')).toBeUndefined()
    expect(await queue.claim('webhook')).toMatchObject({ title: 'a' })
    await pass(30 * 86_400_000)
    await queue.tidy(['webhook'])
    expect(await told()).toEqual([])
  })
})

describe('alarms', () => {
  const HOUR_MS = 3_600_000
  const alarms = () =>
    world.database.transaction((tx) => findAlarms(tx, { driftAlarmMs: HOUR_MS, nodeGraceMs: 0 }))

  it('drift is told when it has lasted too long, once for as long as it lasts', async () => {
    await world.node('node-1')
    await world.withLive('iris')
    const { prisma } = world.database
    const drifts = (minutes: number, detail = 'v2 failed') => prisma.$executeRaw`
      UPDATE model SET drift_reason = 'rolloutFailed', drift_detail = ${detail}, drift_since = date_trunc('hour', now()) - ${minutes} * interval '1 minute'`
    await prisma.outbox.deleteMany()
    await drifts(-30)
    expect(await alarms()).toBe(0)
    await drifts(120)
    expect(await alarms()).toBe(1)
    await drifts(120, 'v3 failed')
    expect(await alarms()).toBe(0)
    await drifts(180)
    expect(await alarms()).toBe(1)
    expect(await told()).toEqual(['driftTooLong', 'driftTooLong'])
  })

  it('a hold that stands beyond its time is told once, and again when its time was prolonged', async () => {
    await world.withLive('iris')
    const { prisma } = world.database
    await prisma.outbox.deleteMany()
    const id = '3b241101-e2bb-4255-8caf-4136c566a962'
    const soon = new Date(Date.now() + 60_000)
    const hold = { id, modelName: 'iris', number: 1n, reason: 'audit week', actor: ADA }
    await prisma.hold.create({ data: { ...hold, expiresAt: soon } })
    expect(await alarms()).toBe(0)
    const expires = (minutesAgo: number) =>
      prisma.hold.update({ where: { id }, data: { expiresAt: new Date(Date.now() - minutesAgo * 60_000) } })
    await expires(10)
    expect([await alarms(), await alarms()]).toEqual([1, 0])
    await expires(5)
    expect(await alarms()).toBe(1)
    await prisma.hold.update({ where: { id }, data: { closedAt: new Date(), closedBy: ADA } })
    await expires(4)
    expect(await alarms()).toBe(0)
    expect((await listNotifications(prisma))[0]?.sentence).toContain('the hold by local:ada on v1')
  })

  it('a version that became worse on outcomes is told once, whoever finds it and however often', async () => {
    const worse = {
      model: 'iris',
      number: 2,
      digest: 'd2',
      sentence: 'iris: v2 is worse than in its rollout',
    }
    const tell = () =>
      world.database.transaction((tx) =>
        tellQualityAlarms(tx, [worse, { ...worse, digest: 'd3', number: 3 }]),
      )
    expect([await tell(), await tell()]).toEqual([2, 0])
    expect(await told()).toEqual(['qualityWorse', 'qualityWorse'])
  })

  it('a joined node whose lease ran out is told once; one that drained, or has an heir, is not', async () => {
    const [lost, drained, restarted] = await Promise.all(
      ['lost', 'drained', 'restarted'].map((name) => world.node(name, { keepsUp: false })),
    )
    await drained?.leave()
    expect(await alarms()).toBe(0)
    const { prisma } = world.database
    await prisma.$executeRaw`UPDATE node SET lease_until = now() - interval '1 minute', started_at = now() - interval '1 hour'`
    await world.node('restarted', { keepsUp: false })
    expect([await alarms(), await alarms()]).toEqual([1, 0])
    const [row] = await listNotifications(prisma)
    expect(row).toMatchObject({
      kind: 'nodeUnreachable',
      model: null,
      title: 'serving node lost is unreachable',
    })
    await lost?.catchUp()
    expect(await alarms()).toBe(0)
    await prisma.$executeRaw`UPDATE node SET lease_until = now() - interval '30 seconds' WHERE name = 'lost'`
    expect(await alarms()).toBe(1)
    expect(restarted).toBeDefined()
  })
})
