import type { PlatformError } from '@understudy/core'
import { TestClock } from '@understudy/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { Limiter } from '../manager/limiter.ts'
import { ResourceTracker } from '../manager/resource-tracker.ts'
import type { LoadContext } from '../servable.ts'
import { codeOf, PERMANENT, TRANSIENT } from '../test-support/errors.ts'
import { FakeModel, LINE_SIGNATURE, rowsOfX } from '../test-support/fake-model.ts'
import { flush } from '../test-support/flush.ts'
import { Gate } from '../test-support/gate.ts'
import { OnDemandServable } from './on-demand-servable.ts'

const INPUTS = rowsOfX([1, 1])

describe('OnDemandServable', () => {
  let clock: TestClock
  let tracker: ResourceTracker
  let calls: string[]
  let contexts: LoadContext[]
  let errors: (PlatformError | undefined)[]
  let gate: Gate | undefined
  let unloadGate: Gate | undefined
  let troubles: (string | undefined)[]
  let models: FakeModel[]

  beforeEach(() => {
    clock = new TestClock()
    tracker = new ResourceTracker(10)
    calls = []
    contexts = []
    errors = []
    gate = undefined
    unloadGate = undefined
    troubles = []
    models = []
  })

  function create(name: string, memoryBytes = 4): OnDemandServable {
    return new OnDemandServable({
      ...{ id: { name, version: 1 }, signature: LINE_SIGNATURE, batchable: true, role: 'live' },
      ...{ tracker, clock, slots: new Limiter(2) },
      retry: { attempts: 4, initialDelayMs: 100, delayMsMax: 300 },
      contextOf: () => ({ role: 'idle' }),
      onTrouble: (error) => troubles.push(error?.code),
      onUnloadError: () => undefined,
      createLoader: () => ({
        estimateResources: async () => ({ memoryBytes, executors: 1 }),
        load: async (context) => {
          calls.push(`load ${name}`)
          contexts.push(context)
          await gate?.passed
          const error = errors.shift()
          if (error !== undefined) throw error
          const model = new FakeModel()
          models.push(model)
          return model
        },
        warmUp: async () => {
          calls.push(`warm ${name}`)
          return { runs: 1, tookMs: 0 }
        },
        unload: async () => {
          await unloadGate?.passed
          calls.push(`unload ${name}`)
        },
      }),
    })
  }

  it('is loaded by the first run, as awaited, and not again by the next', async () => {
    const a = create('a')
    expect(a.isPresent).toBe(false)
    await a.run(INPUTS)
    await a.run(INPUTS)
    expect(calls).toEqual(['load a', 'warm a'])
    expect(contexts).toMatchObject([{ id: { name: 'a' }, role: 'live', awaited: true }])
    expect(tracker.reservedBytes).toBe(4)
  })

  it('is loaded once for runs that come together', async () => {
    gate = new Gate()
    const a = create('a')
    const runs = [a.run(INPUTS), a.run(INPUTS), a.runAlone(INPUTS)]
    await flush()
    gate.open()
    await Promise.all(runs)
    expect(calls).toEqual(['load a', 'warm a'])
  })

  it('leaves for another, least recently used first, and comes back', async () => {
    const [a, b, c] = [create('a'), create('b'), create('c')]
    for (const model of [a, b, a]) {
      await model.run(INPUTS)
      await clock.advance(1)
    }
    await c.run(INPUTS)
    expect([a.isPresent, b.isPresent, c.isPresent]).toEqual([true, false, true])
    expect(tracker.reservedBytes).toBe(8)
    await b.run(INPUTS)
    expect(calls).toContain('unload b')
    expect(a.isPresent).toBe(false)
  })

  it('never leaves while it runs: who needs the memory waits for that run', async () => {
    const [a, b] = [create('a', 6), create('b', 6)]
    await a.run(INPUTS)
    for (const model of models) model.held = true
    const running = a.run(INPUTS)
    const waiting = b.run(INPUTS)
    await flush()
    expect(calls).toEqual(['load a', 'warm a'])
    for (const model of models) model.releaseAll()
    await running
    await waiting
    expect(calls).toEqual(['load a', 'warm a', 'unload a', 'load b', 'warm b'])
  })

  it('is not loaded before those that left are gone', async () => {
    const [a, b] = [create('a', 6), create('b', 6)]
    await a.run(INPUTS)
    unloadGate = new Gate()
    const waiting = b.run(INPUTS)
    await flush()
    expect([calls, tracker.reservedBytes]).toEqual([['load a', 'warm a'], 6])
    unloadGate.open()
    await waiting
    expect(calls).toEqual(['load a', 'warm a', 'unload a', 'load b', 'warm b'])
  })

  it('leaves for a version that stays, too', async () => {
    const a = create('a', 6)
    await a.run(INPUTS)
    await tracker.reserve({ owner: {}, id: { name: 'r', version: 1 }, memoryBytes: 6 })
    expect([a.isPresent, calls.at(-1)]).toEqual([false, 'unload a'])
    expect(await codeOf(() => a.run(INPUTS))).toBe('serving.insufficient_memory')
    expect(troubles).toEqual(['serving.insufficient_memory'])
  })

  it('gives the reason of a failed load to all who wait, and to others until the next attempt is due', async () => {
    errors = [TRANSIENT, undefined]
    const a = create('a')
    const runs = await Promise.all([codeOf(() => a.run(INPUTS)), codeOf(() => a.run(INPUTS))])
    expect(runs).toEqual([TRANSIENT.code, TRANSIENT.code])
    expect(tracker.reservedBytes).toBe(0)
    expect(await codeOf(() => a.run(INPUTS))).toBe(TRANSIENT.code)
    expect(calls).toEqual(['load a', 'unload a'])
    await clock.advance(100)
    await a.run(INPUTS)
    expect(troubles).toEqual([TRANSIENT.code, undefined])
  })

  it('tries what only a change can cure again after a minute', async () => {
    errors = [PERMANENT, undefined]
    const a = create('a')
    expect(await codeOf(() => a.run(INPUTS))).toBe(PERMANENT.code)
    await clock.advance(59_999)
    expect(await codeOf(() => a.run(INPUTS))).toBe(PERMANENT.code)
    await clock.advance(1)
    await a.run(INPUTS)
  })

  it('tells its role to the model also when it was loading meanwhile', async () => {
    gate = new Gate()
    const a = create('a')
    const run = a.run(INPUTS)
    await flush()
    a.assume('idle')
    gate.open()
    await run
    a.assume('live')
    expect(models[0]?.roles).toEqual(['idle', 'live'])
  })

  it('is proved only where nobody has to leave for that', async () => {
    const [a, b] = [create('a', 6), create('b', 6)]
    expect([await a.prove(), await b.prove()]).toEqual([true, false])
    expect(contexts).toMatchObject([{ awaited: false }])
    await b.run(INPUTS)
    expect([a.isPresent, b.isPresent]).toEqual([false, true])
  })

  it('ends without a trace, also in the middle of a load', async () => {
    gate = new Gate()
    const a = create('a')
    const run = codeOf(() => a.run(INPUTS)).catch(() => 'aborted')
    await flush()
    const closed = a.close()
    gate.open()
    await closed
    expect(await run).not.toBeUndefined()
    expect([tracker.reservedBytes, calls.at(-1), troubles]).toEqual([0, 'unload a', []])
  })
})
