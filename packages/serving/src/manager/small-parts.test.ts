import { PlatformError } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import type { ServableStateEvent } from '../servable.ts'
import { PERMANENT, TRANSIENT } from '../test-support/errors.ts'
import { flush } from '../test-support/flush.ts'
import { Gate } from '../test-support/gate.ts'
import { EventBus } from './event-bus.ts'
import { Limiter } from './limiter.ts'
import { retryDelayMs } from './load-retry.ts'
import { formatBytes, ResourceTracker } from './resource-tracker.ts'
import { ServableStateMonitor } from './servable-state-monitor.ts'

describe('EventBus', () => {
  it('reaches every subscriber although one throws, and reports that', () => {
    const errors: unknown[] = []
    const seen: number[] = []
    const bus = new EventBus<number>((error) => errors.push(error))
    bus.subscribe(() => {
      throw PERMANENT
    })
    bus.subscribe((event) => seen.push(event))
    bus.publish(1)
    expect([seen, errors]).toEqual([[1], [PERMANENT]])
  })

  it('stops telling who has unsubscribed', () => {
    const seen: number[] = []
    const bus = new EventBus<number>(() => {})
    const end = bus.subscribe((event) => seen.push(event))
    bus.publish(1)
    end()
    bus.publish(2)
    expect(seen).toEqual([1])
  })
})

describe('ServableStateMonitor', () => {
  const event = (version: number, state: ServableStateEvent['state']): ServableStateEvent => ({
    id: { name: 'iris', version },
    state,
    at: 0,
  })

  it('holds the last state of each version, newest first, and forgets ended ones', () => {
    const bus = new EventBus<ServableStateEvent>(() => {})
    const monitor = new ServableStateMonitor(bus)
    for (const fact of [event(1, 'start'), event(2, 'loading'), event(1, 'available')]) bus.publish(fact)
    expect(monitor.statesOf('iris').map(({ id, state }) => [id.version, state])).toEqual([
      [2, 'loading'],
      [1, 'available'],
    ])
    bus.publish(event(2, 'end'))
    expect(monitor.all().map(({ id }) => id.version)).toEqual([1])
    monitor.close()
    bus.publish(event(3, 'start'))
    expect(monitor.stateOf({ name: 'iris', version: 3 })).toBeUndefined()
  })
})

describe('ResourceTracker', () => {
  it('names the numbers when a version does not fit', async () => {
    const tracker = new ResourceTracker(2 * 1024 ** 3)
    await tracker.reserve({ owner: {}, id: { name: 'a', version: 1 }, memoryBytes: 0.8 * 1024 ** 3 })
    const refused = tracker.reserve({
      owner: {},
      id: { name: 'b', version: 2 },
      memoryBytes: 1.9 * 1024 ** 3,
    })
    await expect(refused).rejects.toThrow('b@2 needs 1.9 GiB, 1.2 GiB of 2.0 GiB are free.')
    expect(tracker.reservedBytes).toBe(0.8 * 1024 ** 3)
  })

  it('does not count a version against itself', async () => {
    const tracker = new ResourceTracker(10)
    const owner = {}
    await tracker.reserve({ owner, id: { name: 'a', version: 1 }, memoryBytes: 8 })
    await tracker.reserve({ owner, id: { name: 'a', version: 1 }, memoryBytes: 10 })
    expect(tracker.reservedBytes).toBe(10)
  })

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [5 * 1024 ** 5, '5120.0 TiB'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })
})

describe('Limiter', () => {
  it('never runs more than its limit, keeps the order and survives a failing task', async () => {
    const limiter = new Limiter(2)
    const gates = [0, 1, 2, 3].map(() => new Gate())
    const started: number[] = []
    const tasks = gates.map((gate, index) =>
      limiter
        .run(() => {
          started.push(index)
          return gate.passed
        })
        .catch(() => {}),
    )
    await flush()
    expect(started).toEqual([0, 1])
    gates[1]?.break(PERMANENT)
    await flush()
    expect(started).toEqual([0, 1, 2])
    for (const gate of gates) gate.open()
    await Promise.all(tasks)
    expect(started).toEqual([0, 1, 2, 3])
  })
})

describe('retryDelayMs', () => {
  const retry = { attempts: 4, initialDelayMs: 100, delayMsMax: 250 }
  it.each([
    ['doubles from the first delay', TRANSIENT, 1, 100],
    ['doubles', TRANSIENT, 2, 200],
    ['stops at the longest delay', TRANSIENT, 3, 250],
    ['ends with the last attempt', TRANSIENT, 4, undefined],
    ['never repeats what needs a change', PERMANENT, 1, undefined],
    ['waits as long as the error says', new PlatformError('serving.queue_full', ''), 1, 1_000],
  ])('%s', (_guarantee, error, attempt, expected) => {
    expect(retryDelayMs(error, attempt, retry)).toBe(expected)
  })
})
