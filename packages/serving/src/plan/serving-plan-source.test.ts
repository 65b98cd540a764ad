import { type PlannedKey, PlatformError, type ServingPlan } from '@understudy/core'
import { TestClock } from '@understudy/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakePlanReader, MemoryPlanStore } from '../test-support/fake-plan-ports.ts'
import { flush } from '../test-support/flush.ts'
import { modelPlan, servingPlan } from '../test-support/plans.ts'
import { ServingPlanSource } from './serving-plan-source.ts'

const ONE = servingPlan(modelPlan('iris', 1))
const TWO = servingPlan(modelPlan('iris', 2, { versions: [1, 2], labels: { live: 2, previous: 1 } }))
const KEY: PlannedKey = { id: 'k1', hmac: 'ab', models: null, verbs: ['predict'], expiresAtMs: null }

describe('ServingPlanSource', () => {
  let clock: TestClock
  let reader: FakePlanReader
  let store: MemoryPlanStore
  let emitted: string[]
  let plans: ServingPlan[]
  let keys: string[]
  let troubles: PlatformError[]
  let stop: AbortController

  beforeEach(() => {
    clock = new TestClock()
    reader = new FakePlanReader(ONE)
    store = new MemoryPlanStore()
    emitted = []
    plans = []
    keys = []
    troubles = []
    stop = new AbortController()
  })

  async function start(): Promise<ServingPlanSource> {
    const source = new ServingPlanSource({
      ...{ reader, store, clock, pollIntervalMs: 1_000, readTimeoutMs: 400, currentForMs: 3_000 },
      onPlan: (plan) => plans.push(plan),
      onKeys: (now) => keys.push(now.map(({ id }) => id).join(' ')),
      onTrouble: (error) => troubles.push(error),
    })
    source.start((name, versions) => {
      emitted.push(`${name}: ${versions.map(({ id }) => id.version).join(' ')}`)
    }, stop.signal)
    await flush()
    return source
  }

  it('emits every model of the plan, then the plan, and keeps it in the store', async () => {
    await start()
    expect([emitted, plans, store.plan]).toEqual([['iris: 1'], [ONE], ONE])
  })

  it('emits the live version first: what clients miss most is loaded first', async () => {
    reader.plan = servingPlan(
      modelPlan('iris', 2, { versions: [1, 2, 3, 4], labels: { live: 3, previous: 2 } }),
    )
    await start()
    expect(emitted).toEqual(['iris: 3 2 1 4'])
  })

  it('sees a change at the next poll although no hint came', async () => {
    await start()
    reader.plan = TWO
    await clock.advance(999)
    expect(emitted).toHaveLength(1)
    await clock.advance(1)
    await flush()
    expect(emitted).toEqual(['iris: 1', 'iris: 2 1'])
  })

  it('sees a change at once when a hint comes, also when it comes during a read', async () => {
    await start()
    reader.plan = TWO
    reader.hint()
    await flush()
    expect(emitted).toEqual(['iris: 1', 'iris: 2 1'])
    reader.hangs = true
    reader.hint()
    await flush()
    reader.hangs = false
    reader.hint()
    reader.plan = ONE
    await clock.advance(400)
    await flush()
    expect(emitted.at(-1)).toBe('iris: 1')
  })

  it('emits nothing when the plan is the same, whenever it was read', async () => {
    await start()
    reader.plan = { ...ONE, readAtMs: ONE.readAtMs + 5_000 }
    await clock.advance(3_000)
    expect([emitted.length, plans.length, store.saves]).toEqual([1, 1, 1])
  })

  it('tells of API keys when they change and keeps them, although no model changed', async () => {
    await start()
    reader.plan = { ...ONE, keys: [KEY] }
    await clock.advance(1_000)
    await flush()
    expect([keys, store.plan?.keys, plans.length, emitted.length]).toEqual([['', 'k1'], [KEY], 1, 1])
    reader.plan = { ...ONE, keys: [{ ...KEY }] }
    await clock.advance(1_000)
    await flush()
    reader.plan = { ...TWO, keys: [] }
    await clock.advance(1_000)
    await flush()
    expect([keys, store.plan]).toEqual([['', 'k1', ''], reader.plan])
  })

  it('starts with the keys of the kept plan while the reader is away', async () => {
    store.plan = { ...ONE, keys: [KEY] }
    reader.plan = undefined
    await start()
    expect(keys).toEqual(['k1'])
  })

  it('unloads a model that left the plan', async () => {
    await start()
    reader.plan = servingPlan()
    await clock.advance(1_000)
    await flush()
    expect(emitted).toEqual(['iris: 1', 'iris: '])
  })

  it('keeps the last good plan while the reader fails, and says how old it is', async () => {
    const source = await start()
    reader.plan = undefined
    await clock.advance(2_999)
    expect([emitted.length, source.planAgeMs()]).toEqual([1, undefined])
    await clock.advance(1)
    expect(source.planAgeMs()).toBe(3_000)
    expect(troubles.every((error) => error.code === 'control.database_unavailable')).toBe(true)
    reader.plan = TWO
    reader.hint()
    await flush()
    expect([source.planAgeMs(), source.plan]).toEqual([undefined, TWO])
  })

  it('starts from the store while the reader is away', async () => {
    store.plan = ONE
    reader.plan = undefined
    clock = new TestClock(ONE.readAtMs + 70_000)
    const source = await start()
    expect([emitted, source.planAgeMs()]).toEqual([['iris: 1'], 70_000])
  })

  it('never calls a kept plan current before the control plane has confirmed it', async () => {
    store.plan = { ...ONE, readAtMs: clock.now() + 5_000 }
    reader.plan = undefined
    const source = await start()
    expect(source.planAgeMs()).toBe(3_000)
  })

  it('takes a read that hangs for a failure and goes on polling', async () => {
    reader.hangs = true
    const source = await start()
    await clock.advance(400)
    await flush()
    expect(troubles.map((error) => error.code)).toEqual(['serving.plan_unreadable'])
    reader.hangs = false
    await clock.advance(1_000)
    await flush()
    expect(source.plan).toEqual(ONE)
  })

  it('starts without the kept plan when that is broken', async () => {
    store.loadError = new PlatformError('serving.plan_invalid', 'broken')
    const source = await start()
    expect([source.plan, troubles.map((error) => error.code)]).toEqual([ONE, ['serving.plan_invalid']])
  })

  it('tries to keep the plan again when the store failed', async () => {
    store.saveError = new PlatformError('platform.unexpected', 'disk full')
    await start()
    expect(emitted).toEqual(['iris: 1'])
    store.saveError = undefined
    await clock.advance(1_000)
    await flush()
    expect(store.plan).toEqual(ONE)
    await clock.advance(5_000)
    expect(store.saves).toBe(2)
  })

  it('joins a read that is under way instead of starting another', async () => {
    const source = await start()
    const before = reader.reads
    await Promise.all([source.refresh(), source.refresh()])
    expect(reader.reads).toBe(before + 1)
  })

  it('stops reading and listening when it is told to', async () => {
    await start()
    stop.abort()
    await flush()
    const before = reader.reads
    reader.hint()
    await clock.advance(10_000)
    expect([reader.reads, reader.subscribers]).toEqual([before, 0])
  })
})
