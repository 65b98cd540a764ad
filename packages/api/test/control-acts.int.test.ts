import { type FakeNode, World } from '@understudy/db/testing'
import { waitFor } from '@understudy/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type ChangeEvent,
  type ControlService,
  controlRouter,
  createControlService,
} from '../src/control/index.ts'

const model = 'iris'
const ada = 'local:ada'

let world: World
let node: FakeNode
let service: ControlService & { close(): Promise<void> }
let caller: ReturnType<typeof controlRouter.createCaller>
const faults: unknown[] = []

beforeAll(async () => {
  world = await World.open()
  service = createControlService({
    databaseUrl: world.databaseUrl,
    dataDir: '/nowhere',
    environment: 'production',
    actor: ada,
    servingUrl: '',
    repositoryUrl: '',
    repositoryBranch: 'main',
  })
  caller = controlRouter.createCaller({ service, actor: ada, onFault: (error) => faults.push(error) })
})
beforeEach(async () => {
  await world.reset()
  node = await world.node('node-1')
  faults.length = 0
})
afterAll(async () => {
  await service.close()
  await world.close()
})

async function waitsForApproval(): Promise<void> {
  await world.withLive(model)
  await world.pushValid(model, 2)
  await world.settle(model)
  await node.counts(model, { pairs: 600 })
  await world.settle(model)
}

describe('a person, through the router', () => {
  it('approves what they saw, rolls it back, lifts and retries it; each twice without effect', async () => {
    await waitsForApproval()
    const { rollout } = await caller.model({ name: model })
    const approval = { model, version: 2, seen: rollout?.seen, comment: 'looks good' }
    expect(await caller.approve(approval)).toMatchObject({ changed: true })
    expect(await caller.approve(approval)).toMatchObject({ changed: false })
    await world.settle(model)
    const { live, generation } = await caller.model({ name: model })
    expect(live?.number).toBe(2)

    const back = { model, from: 2, generation, reason: 'wrong answers' }
    expect(await caller.rollback(back)).toMatchObject({ changed: true })
    expect(await caller.rollback(back)).toMatchObject({ changed: false })
    const digest = rollout?.candidate.digest.slice(0, 8) ?? ''
    const lift = { model, digest, reason: 'it was the client' }
    expect(await caller.lift(lift)).toMatchObject({ changed: true })
    expect(await caller.lift(lift)).toMatchObject({ changed: false })
    expect(await caller.retry({ model, version: 2 })).toMatchObject({ changed: true })
    expect(await caller.retry({ model, version: 2 })).toMatchObject({ changed: false })

    const { entries } = await caller.audit({ limit: 50 })
    const acts = entries.filter((entry) => entry.actor === ada).map((entry) => entry.action)
    expect(acts.reverse()).toEqual(['approved', 'rolledBack', 'lifted', 'rollout.requested'])
    expect(entries.find((entry) => entry.action === 'approved')?.reason).toBe('looks good')
  })

  it('is shown why something is refused, with the registered code', async () => {
    await waitsForApproval()
    const seen = {
      rolloutId: (await world.rollout(model)).id,
      candidateDigest: 'other',
      baselineDigest: null,
      policyHash: 'other',
    }
    await expect(caller.approve({ model, version: 2, seen })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'Nothing was done: the rollout of iris changed since you looked.',
      cause: { code: 'rollout.stale_decision' },
    })
    await expect(caller.status({ model: 'nowhere' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(faults).toEqual([])
  })

  it('learns nothing of what is inside when the database fails, but gets an id to quote', async () => {
    await world.database.prisma.$executeRaw`ALTER TABLE audit RENAME TO elsewhere`
    const error = await caller.audit({ limit: 5 }).catch((caught: unknown) => caught)
    await world.database.prisma.$executeRaw`ALTER TABLE elsewhere RENAME TO audit`
    expect(error).toMatchObject({ code: 'INTERNAL_SERVER_ERROR' })
    expect(String(error)).toMatch(/Internal error\. Quote the id [0-9a-f-]{36}/)
    expect(String(error)).not.toContain('audit')
    expect(faults).toHaveLength(1)
  })
})

describe('changes', () => {
  /** Collects the stream in the background. */
  function collect(signal: AbortSignal) {
    const events: ChangeEvent[] = []
    const ended = (async () => {
      for await (const event of service.changes(signal)) events.push(event)
    })()
    return { events, ended }
  }

  const last = (events: readonly ChangeEvent[]) => events.at(-1)?.seq ?? -1

  const hint = () => world.database.prisma.$executeRaw`SELECT pg_notify('understudy', 'record')`

  /** Waits until hints are heard: before the listener's connection stands they are lost. */
  async function connected(events: readonly ChangeEvent[]): Promise<void> {
    await waitFor('the connection', async () => {
      await hint()
      return last(events) > 0
    })
  }

  it('says something at once, then at every change, then as a heartbeat, and ends with its signal', async () => {
    const stop = new AbortController()
    const { events, ended } = collect(stop.signal)
    await waitFor('the first event', () => events.length > 0)
    await connected(events)
    const before = last(events)
    await world.push(model, 1)
    await waitFor('the change', () => last(events) > before)
    await waitFor('a heartbeat', () => events.length > 1 && events.at(-2)?.seq === last(events))
    stop.abort()
    await ended
  })

  it('loses no change: what happens while an event is handled is told after it', async () => {
    const stop = new AbortController()
    const iterator = service.changes(stop.signal)[Symbol.asyncIterator]()
    let seen = (await iterator.next()).value.seq
    while (seen === 0) {
      await hint()
      seen = (await iterator.next()).value.seq
    }
    // Nobody asks for the next event while both happen.
    await world.push(model, 1)
    await world.push(model, 2)
    await waitFor('the next event', async () => {
      const next = await iterator.next()
      return next.value.seq >= seen + 2
    })
    const audit = await service.audit({ limit: 5 })
    expect(audit.total).toBe(2)
    stop.abort()
    expect((await iterator.next()).done).toBe(true)
  })

  it('tells a burst once', async () => {
    const stop = new AbortController()
    const { events, ended } = collect(stop.signal)
    await connected(events)
    const [count, before] = [events.length, last(events)]
    await world.database.prisma
      .$executeRaw`SELECT pg_notify('understudy', 'evidence' || n) FROM generate_series(1, 50) n`
    await waitFor('the burst', () => last(events) >= before + 50)
    expect(events.length).toBeLessThanOrEqual(count + 2)
    stop.abort()
    await ended
  })

  it('of a signal that has aborted already is empty', async () => {
    const { events, ended } = collect(AbortSignal.abort())
    await ended
    expect(events).toEqual([])
  })
})
