import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type Database,
  requestOpenRollouts,
  requestUnfinished,
  requestWork,
  type WorkClaim,
  WorkQueue,
} from '../src/index.ts'
import { codeOf } from './support/code-of.ts'
import { World } from './support/world.ts'

let world: World
let database: Database
let queue: WorkQueue
let other: WorkQueue

beforeAll(async () => {
  world = await World.open()
  database = world.database
  queue = new WorkQueue(database, { holder: 'one' })
  other = new WorkQueue(database, { holder: 'two' })
})
afterAll(() => world.close())
beforeEach(() => database.prisma.workKey.deleteMany())

const request = (key: string, traceparent?: string) =>
  requestWork(database.prisma, 'model', key, traceparent ?? null)

async function claimed(from: WorkQueue = queue): Promise<WorkClaim> {
  const claim = await from.claim()
  if (!claim) throw new Error('nothing was claimed')
  return claim
}

/** Lets every lease run out and every pause end. */
const lapse = () =>
  database.prisma
    .$executeRaw`UPDATE work_key SET lease_until = lease_until - interval '1 hour', not_before = not_before - interval '1 hour'`

describe('a key', () => {
  it('is worked on once, however often it was asked for', async () => {
    for (let i = 0; i < 5; i++) await request('iris')
    const claim = await claimed()
    expect(claim).toMatchObject({ kind: 'model', key: 'iris', attempts: 0 })
    await queue.finish(claim)
    expect(await queue.claim()).toBeUndefined()
  })

  it('never has two holders, also when many ask at once', async () => {
    const keys = Array.from({ length: 12 }, (_, i) => `model-${i}`)
    for (const key of keys) await request(key)
    const claims = await Promise.all(Array.from({ length: 30 }, (_, i) => (i % 2 ? queue : other).claim()))
    const won = claims.filter((claim) => claim !== undefined).map((claim) => claim.key)
    expect(new Set(won).size).toBe(won.length)
    // SKIP LOCKED may leave a key to the next look; none is left for good.
    for (let claim = await queue.claim(); claim; claim = await queue.claim()) won.push(claim.key)
    expect(won.sort()).toEqual(keys.sort())
  })

  it('is only given to who asks for its kind', async () => {
    await request('iris')
    expect(await queue.claim(['repository', 'version'])).toBeUndefined()
    expect(await queue.claim(['model'])).toMatchObject({ key: 'iris' })
  })

  it('asked for during its run is worked on again: the request is not lost', async () => {
    await request('iris', '00-1-1-01')
    const first = await claimed()
    await request('iris', '00-2-2-01')
    expect(await other.claim()).toBeUndefined()
    await queue.finish(first)
    const second = await claimed(other)
    expect(second).toMatchObject({ key: 'iris', traceparent: '00-2-2-01' })
    expect(second.fence).toBeGreaterThan(first.fence)
    await other.finish(second)
    expect(await queue.claim()).toBeUndefined()
  })

  it('keeps the trace of the request that had one', async () => {
    await request('iris', '00-1-1-01')
    await request('iris')
    expect(await claimed()).toMatchObject({ traceparent: '00-1-1-01' })
  })
})

describe('a key that is due by itself', () => {
  const dueNow = () => database.prisma.$executeRaw`UPDATE work_key SET due_at = clock_timestamp()`

  it('is claimed when its time has come, not before', async () => {
    await request('iris')
    await queue.finish(await claimed(), { dueInMs: 60_000 })
    expect(await queue.claim()).toBeUndefined()
    await dueNow()
    expect(await claimed()).toMatchObject({ key: 'iris' })
  })

  it('is not lost when its holder dies: another one takes it over', async () => {
    await request('iris')
    await queue.finish(await claimed(), { dueInMs: 60_000 })
    await dueNow()
    await claimed()
    expect(await other.claim()).toBeUndefined()
    await lapse()
    expect(await other.claim()).toMatchObject({ key: 'iris' })
  })

  it('is retried when it failed', async () => {
    await request('iris')
    await queue.finish(await claimed(), { dueInMs: 0 })
    await queue.fail(await claimed(), 'no network', 0)
    expect(await claimed()).toMatchObject({ key: 'iris', attempts: 1 })
  })
})

describe('a failed key', () => {
  it('waits for its pause and counts its failures in a row', async () => {
    await request('iris')
    await queue.fail(await claimed(), 'no network', 60_000)
    expect(await queue.claim()).toBeUndefined()
    await lapse()
    const second = await claimed()
    expect(second.attempts).toBe(1)
    await queue.fail(second, 'no network', 0)
    const third = await claimed()
    expect(third.attempts).toBe(2)
    await queue.finish(third)
    await request('iris')
    expect((await claimed()).attempts).toBe(0)
  })

  it('does not wait when it is asked for again, before or during the run that failed', async () => {
    await request('iris')
    await queue.fail(await claimed(), 'no network', 60_000)
    await request('iris')
    const second = await claimed()
    await request('iris')
    await queue.fail(second, 'no network', 60_000)
    expect(await queue.claim()).toMatchObject({ key: 'iris' })
  })

  it('says why it failed, within bounds', async () => {
    await request('iris')
    await queue.fail(await claimed(), 'x'.repeat(10_000), 0)
    const row = await database.prisma.workKey.findFirstOrThrow()
    expect(row.lastError).toHaveLength(2_000)
    await queue.finish(await claimed())
    expect((await database.prisma.workKey.findFirstOrThrow()).lastError).toBeNull()
  })
})

describe('a lease that ran out', () => {
  it('is taken over with a higher fence, and whatever the old holder still tries is refused', async () => {
    await request('iris')
    const old = await claimed()
    await lapse()
    const taken = await claimed(other)
    expect(taken.fence).toBeGreaterThan(old.fence)

    let ran = false
    const late = queue.fenced(old, async () => {
      ran = true
    })
    expect(await codeOf(late)).toBe('control.fence_lost')
    expect(ran).toBe(false)
    expect(await codeOf(queue.renew(old))).toBe('control.fence_lost')
    await queue.finish(old)
    await queue.fail(old, 'late', 0)
    expect(await codeOf(other.fenced(taken, async () => undefined))).toBe('done')
    await other.finish(taken)
    expect(await queue.claim()).toBeUndefined()
  })

  it('is not taken over while a fenced transaction of its holder goes on: two never have effects side by side', async () => {
    await request('iris')
    const old = await claimed()
    await lapse()
    await queue.fenced(old, async () => {
      expect(await other.claim()).toBeUndefined()
    })
    expect(await other.claim()).toMatchObject({ key: 'iris' })
  })

  it('does not run out while it is renewed', async () => {
    await request('iris')
    const claim = await claimed()
    await lapse()
    await queue.renew(claim)
    expect(await other.claim()).toBeUndefined()
  })

  it('lets others ask for the key during a fenced transaction without waiting for it', async () => {
    await request('iris')
    const claim = await claimed()
    await queue.fenced(claim, () => request('iris'))
    await queue.finish(claim)
    expect(await queue.claim()).toMatchObject({ key: 'iris' })
  })
})

describe('a fenced transaction', () => {
  it('leaves nothing behind when its work fails', async () => {
    await request('iris')
    const claim = await claimed()
    const failing = queue.fenced(claim, async (tx) => {
      await requestWork(tx, 'model', 'digits')
      throw new Error('broken')
    })
    await expect(failing).rejects.toThrow('broken')
    expect(await queue.claim()).toBeUndefined()
  })
})

describe('hints', () => {
  async function drain(): Promise<string[]> {
    const keys: string[] = []
    for (let claim = await queue.claim(); claim; claim = await queue.claim()) {
      keys.push(`${claim.kind} ${claim.key}`)
      await queue.finish(claim)
    }
    return keys.sort()
  }

  beforeAll(async () => {
    await world.pushValid('iris', 1)
    const node = await world.node('node-1')
    await world.settle('iris')
    await node.leave()
    await world.pushValid('digits', 1)
    await world.reconcile('digits')
    await world.push('wine', 1)
  })
  beforeEach(async () => {
    for (const key of ['iris', 'digits', 'wine']) await request(key)
    await drain()
  })

  it('ask for models with an open rollout, and for no others', async () => {
    await requestOpenRollouts(database)
    expect(await drain()).toEqual(['model digits'])
  })

  it('that arrive during a run are not lost', async () => {
    await requestOpenRollouts(database)
    const claim = await claimed()
    await queue.fenced(claim, () => requestOpenRollouts(database))
    await queue.finish(claim)
    expect(await drain()).toEqual(['model digits'])
  })

  it('never wait for who is asking for the same key', async () => {
    await database.transaction(async (tx) => {
      await requestWork(tx, 'model', 'digits')
      await requestOpenRollouts(database)
    })
    expect(await drain()).toEqual(['model digits'])
  })

  it('leave a key that waits for its pause alone', async () => {
    await requestOpenRollouts(database)
    await queue.fail(await claimed(), 'no network', 60_000)
    await requestOpenRollouts(database)
    expect(await drain()).toEqual([])
  })

  it('after a start ask for every model and every version that waits for validation', async () => {
    await requestUnfinished(database)
    expect(await drain()).toEqual(['model digits', 'model iris', 'model wine', 'version wine/1'])
  })
})
