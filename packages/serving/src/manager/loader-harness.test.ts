import type { PlatformError } from '@understudy/core'
import { TestClock } from '@understudy/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { codeOf, PERMANENT, TRANSIENT } from '../test-support/errors.ts'
import { FakeLoaders, type FakeServable } from '../test-support/fake-loader.ts'
import { flush } from '../test-support/flush.ts'
import { Gate } from '../test-support/gate.ts'
import { Limiter } from './limiter.ts'
import { LoaderHarness } from './loader-harness.ts'
import { ResourceTracker } from './resource-tracker.ts'

const ID = { name: 'iris', version: 1 }

describe('LoaderHarness', () => {
  let clock: TestClock
  let loaders: FakeLoaders
  let tracker: ResourceTracker
  let states: string[]
  let unloadErrors: PlatformError[]
  let onReady: ((harness: LoaderHarness<FakeServable>) => void) | undefined

  beforeEach(() => {
    clock = new TestClock()
    loaders = new FakeLoaders()
    tracker = new ResourceTracker(100)
    states = []
    unloadErrors = []
    onReady = undefined
  })

  function create(): LoaderHarness<FakeServable> {
    return new LoaderHarness<FakeServable>({
      ...{ id: ID, clock, tracker, createLoader: loaders.factory(ID), slots: new Limiter(1) },
      retry: { attempts: 3, initialDelayMs: 100, delayMsMax: 150 },
      contextOf: () => ({ role: 'live' }),
      onState: (harness) => {
        states.push(harness.state)
        if (harness.state === 'ready') onReady?.(harness)
      },
      onUnloadError: (error) => unloadErrors.push(error),
    })
  }

  async function ready(): Promise<LoaderHarness<FakeServable>> {
    const harness = create()
    await harness.load()
    expect(harness.state).toBe('ready')
    return harness
  }

  it('goes from new to ready through every state, warm-up included', async () => {
    const harness = await ready()
    expect(states).toEqual(['loadRequested', 'loadApproved', 'loading', 'warming', 'ready'])
    expect(loaders.calls).toEqual(['load iris@1', 'warm iris@1'])
    expect(harness.servable?.alive).toBe(true)
    expect(tracker.reservedBytes).toBe(1)
  })

  it('ends its load in peace when it is unloaded in the moment in which it became ready', async () => {
    let unloaded: Promise<void> | undefined
    onReady = (harness) => {
      harness.requestUnload()
      unloaded = harness.quiesce(0).then(() => harness.unload())
    }
    const harness = create()
    await harness.load()
    await unloaded
    expect([harness.state, loaders.alive, tracker.reservedBytes]).toEqual(['disabled', 0, 0])
  })

  it('waits longer after each failure that may pass, with a fresh loader each time', async () => {
    loaders.script(ID, { loadErrors: [TRANSIENT, TRANSIENT] })
    const harness = create()
    const loaded = harness.load()
    await flush()
    expect([harness.state, harness.error]).toEqual(['loadRequested', TRANSIENT])
    await clock.advance(99)
    expect(loaders.attemptsOf(ID)).toBe(1)
    await clock.advance(1)
    expect(loaders.attemptsOf(ID)).toBe(2)
    await clock.advance(149)
    expect(loaders.attemptsOf(ID)).toBe(2)
    await clock.advance(1)
    await loaded
    expect([harness.state, harness.error]).toEqual(['ready', undefined])
    expect(loaders.violations).toEqual([])
    expect(loaders.calls.filter((call) => call.startsWith('unload'))).toHaveLength(2)
  })

  it('gives up after the last attempt and says why', async () => {
    loaders.script(ID, { loadErrors: [TRANSIENT, TRANSIENT, TRANSIENT] })
    const harness = create()
    const loaded = harness.load()
    for (let turn = 0; turn < 3; turn += 1) {
      await flush()
      await clock.advance(150)
    }
    await loaded
    expect([harness.state, harness.error]).toEqual(['error', TRANSIENT])
    expect(tracker.reservedBytes).toBe(0)
  })

  it('does not try again what only a change can cure', async () => {
    loaders.script(ID, { loadErrors: [PERMANENT] })
    const harness = create()
    await harness.load()
    expect([harness.state, harness.error]).toEqual(['error', PERMANENT])
    expect(loaders.calls).toEqual(['load iris@1', 'unload iris@1'])
  })

  it('unloads a version that fails its warm-up', async () => {
    loaders.script(ID, { warmUpError: PERMANENT })
    const harness = create()
    await harness.load()
    expect(harness.state).toBe('error')
    expect(loaders.alive).toBe(0)
    expect(tracker.reservedBytes).toBe(0)
  })

  it('waits for memory instead of loading without it', async () => {
    const other = {}
    await tracker.reserve({ owner: other, id: { name: 'other', version: 1 }, memoryBytes: 100 })
    const harness = create()
    const loaded = harness.load()
    await flush()
    expect(harness.error?.code).toBe('serving.insufficient_memory')
    expect(loaders.calls).toEqual([])
    tracker.release(other)
    await clock.advance(100)
    await loaded
    expect(harness.state).toBe('ready')
  })

  it('ends a cancelled load without an error, and unloads what came in late', async () => {
    const gate = new Gate()
    loaders.script(ID, { gate, deaf: true })
    const harness = create()
    const loaded = harness.load()
    await flush()
    harness.cancelLoad()
    gate.open()
    await loaded
    expect([harness.state, harness.error]).toEqual(['disabled', undefined])
    expect(loaders.alive).toBe(0)
    expect(tracker.reservedBytes).toBe(0)
  })

  it('ends a cancelled wait for the next attempt at once', async () => {
    loaders.script(ID, { loadErrors: [TRANSIENT] })
    const harness = create()
    const loaded = harness.load()
    await flush()
    harness.cancelLoad()
    await loaded
    expect(harness.state).toBe('disabled')
    expect(loaders.attemptsOf(ID)).toBe(1)
  })

  it('gives no handle before it is ready and none after the unload was asked for', async () => {
    const harness = create()
    expect(await codeOf(() => harness.acquire())).toBe('serving.invalid_transition')
    await harness.load()
    harness.acquire().release()
    harness.requestUnload()
    expect(await codeOf(() => harness.acquire())).toBe('serving.invalid_transition')
  })

  it('counts a released handle once, however often it is released', async () => {
    const harness = await ready()
    const first = harness.acquire()
    const second = harness.acquire()
    first.release()
    first.release()
    first[Symbol.dispose]()
    expect(harness.refs).toBe(1)
    second.release()
    expect(harness.refs).toBe(0)
  })

  it('unloads only after the last handle is released', async () => {
    const harness = await ready()
    const handle = harness.acquire()
    harness.requestUnload()
    const gone = harness.quiesce(1_000).then(() => harness.unload())
    await flush()
    expect(harness.state).toBe('quiescing')
    expect(handle.servable.alive).toBe(true)
    handle.release()
    await gone
    expect([harness.state, handle.servable.alive, handle.revoked.aborted]).toEqual(['disabled', false, false])
    expect(tracker.reservedBytes).toBe(0)
  })

  it('tells those who still hold it after the drain timeout', async () => {
    const harness = await ready()
    const handle = harness.acquire()
    harness.requestUnload()
    const gone = harness.quiesce(1_000).then(() => harness.unload())
    await flush()
    await clock.advance(999)
    expect(handle.revoked.aborted).toBe(false)
    await clock.advance(1)
    await gone
    expect(handle.revoked.reason).toMatchObject({ code: 'serving.drain_timeout' })
    expect(harness.state).toBe('disabled')
    handle.release()
  })

  it('is gone for us even when its loader cannot unload, and reports that', async () => {
    loaders.script(ID, { unloadError: PERMANENT })
    const harness = await ready()
    harness.requestUnload()
    await harness.quiesce(0)
    await harness.unload()
    expect(harness.state).toBe('disabled')
    expect(unloadErrors).toEqual([PERMANENT])
  })
})
