import { PlatformError } from '@understudy/core'
import { TestClock } from '@understudy/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { codeOf, PERMANENT, TRANSIENT } from '../test-support/errors.ts'
import { flush } from '../test-support/flush.ts'
import { Gate } from '../test-support/gate.ts'
import { managerRig } from '../test-support/manager-rig.ts'
import { resourcePreservingPolicy } from './resource-preserving-policy.ts'

const iris = (version: number) => ({ name: 'iris', version })

describe.each([1, 4])('AspiredVersionsManager with %d loads at a time', (loadConcurrency) => {
  let clock: TestClock
  let rig: ReturnType<typeof managerRig>

  beforeEach(() => {
    clock = new TestClock()
    rig = managerRig({ clock, loadConcurrency })
  })

  it('loads what is aspired and publishes available only when it can be acquired', async () => {
    const acquired: boolean[] = []
    rig.bus.subscribe(({ state, id }) => {
      if (state === 'available') acquired.push(rig.manager.isAvailable(id))
      if (state === 'unloading') acquired.push(rig.manager.isAvailable(id))
    })
    rig.aspire('iris', 1)
    await rig.settle()
    rig.aspire('iris')
    await rig.settle()
    expect(acquired.slice(0, 2)).toEqual([true, true])
    expect(rig.manager.listAvailable()).toEqual([])
    expect(rig.events.filter((event) => !event.startsWith('unloading'))).toEqual([
      'start iris@1',
      'start iris@1',
      'start iris@1',
      'loading iris@1',
      'warming iris@1',
      'available iris@1',
      'end iris@1',
    ])
  })

  it('never loads more at a time than allowed', async () => {
    const gates = [1, 2, 3, 4, 5].map((version) => {
      const gate = new Gate()
      rig.loaders.script(iris(version), { gate })
      return gate
    })
    rig.aspire('iris', 1, 2, 3, 4, 5)
    await rig.step()
    expect(rig.loaders.loading).toBe(loadConcurrency)
    for (const gate of gates) gate.open()
    await rig.settle()
    expect(rig.loaders.loadingMax).toBe(loadConcurrency)
    expect(rig.manager.listAvailable()).toHaveLength(5)
  })

  it('does nothing when the same versions are aspired again', async () => {
    rig.aspire('iris', 1, 2)
    await rig.settle()
    rig.aspire('iris', 2, 1)
    expect(await rig.step()).toEqual([])
    expect(rig.loaders.calls.filter((call) => call.startsWith('load'))).toHaveLength(2)
  })

  it('keeps version 3 serving when version 4 fails warm-up', async () => {
    rig.aspire('iris', 3)
    await rig.settle()
    rig.manager.setLabels('iris', { live: 3 }, 1)
    rig.loaders.script(iris(4), { warmUpError: PERMANENT })
    rig.aspire('iris', 4)
    await rig.settle()
    expect(rig.monitor.stateOf(iris(4))).toMatchObject({ state: 'error', error: PERMANENT })
    expect(rig.manager.resolve({ name: 'iris', label: 'live' }).id.version).toBe(3)
    expect(rig.manager.labelsOf('iris')?.generation).toBe(1)
  })

  it('keeps a version that left the list for as long as a label points to it', async () => {
    rig.aspire('iris', 1)
    await rig.settle()
    rig.manager.setLabels('iris', { live: 1 }, 1)
    rig.aspire('iris', 2)
    await rig.settle()
    expect(rig.manager.listAvailable()).toHaveLength(2)
    rig.manager.setLabels('iris', { live: 2 }, 2)
    await rig.settle()
    expect(rig.manager.listAvailable()).toEqual([iris(2)])
  })

  it('unloads a version only after its last handle, and gives no new ones meanwhile', async () => {
    rig.aspire('iris', 1, 2)
    await rig.settle()
    const handle = rig.manager.acquire(iris(1))
    rig.aspire('iris', 2)
    await rig.settle()
    expect(handle.servable.alive).toBe(true)
    expect(await codeOf(() => rig.manager.acquire(iris(1)))).toBe('serving.version_not_available')
    handle.release()
    await rig.settle()
    expect(handle.servable.alive).toBe(false)
    expect(await codeOf(() => rig.manager.acquire(iris(1)))).toBe('serving.version_not_found')
  })

  it('delays no other model while one drains', async () => {
    rig.aspire('slow', 1)
    await rig.settle()
    const handle = rig.manager.acquire({ name: 'slow', version: 1 })
    rig.aspire('slow')
    rig.aspire('iris', 1)
    await rig.settle()
    expect(rig.manager.listAvailable()).toEqual([iris(1)])
    handle.release()
  })

  it('loads a version that is aspired again only after the old one is gone', async () => {
    rig.aspire('iris', 1, 2)
    await rig.settle()
    const handle = rig.manager.acquire(iris(1))
    rig.aspire('iris', 2)
    await rig.settle()
    rig.aspire('iris', 1, 2)
    await rig.settle()
    expect(rig.loaders.attemptsOf(iris(1))).toBe(1)
    handle.release()
    await rig.settle()
    expect(rig.loaders.attemptsOf(iris(1))).toBe(2)
    expect(rig.manager.acquire(iris(1)).servable.alive).toBe(true)
  })

  it('cancels a load that is no longer wanted, and starts afresh when it is wanted again', async () => {
    const gate = new Gate()
    rig.loaders.script(iris(1), { gate })
    rig.aspire('iris', 1)
    await rig.step()
    rig.aspire('iris')
    await rig.settle()
    expect(rig.monitor.stateOf(iris(1))).toBeUndefined()
    rig.aspire('iris', 1)
    gate.open()
    await rig.settle()
    expect(rig.manager.isAvailable(iris(1))).toBe(true)
    expect(rig.loaders.violations).toEqual([])
  })

  it('waits for a load that hears no cancelling before it starts afresh', async () => {
    const gate = new Gate()
    rig.loaders.script(iris(1), { gate, deaf: true })
    rig.aspire('iris', 1)
    await rig.step()
    rig.aspire('iris')
    await rig.step()
    rig.aspire('iris', 1)
    await rig.settle()
    expect(rig.loaders.attemptsOf(iris(1))).toBe(1)
    gate.open()
    await rig.settle()
    expect(rig.manager.acquire(iris(1)).servable.attempt).toBe(2)
    expect(rig.loaders.alive).toBe(1)
  })

  it('shows what the Source could not provide, and loads it when it can', async () => {
    rig.manager.aspire('iris', [{ id: iris(1), error: TRANSIENT }])
    await rig.settle()
    expect(rig.monitor.stateOf(iris(1))).toMatchObject({ state: 'error', error: TRANSIENT })
    rig.aspire('iris', 1)
    await rig.settle()
    expect(rig.manager.isAvailable(iris(1))).toBe(true)
  })

  it('tries a version in error again later when its error may pass', async () => {
    rig.loaders.script(iris(1), { loadErrors: [TRANSIENT, TRANSIENT, TRANSIENT] })
    rig.aspire('iris', 1)
    await rig.step()
    await clock.advance(100)
    await clock.advance(200)
    await rig.settle()
    expect(rig.monitor.stateOf(iris(1))?.state).toBe('error')
    await clock.advance(59_999)
    expect(await rig.step()).toEqual([])
    await clock.advance(1)
    expect(await rig.step()).toEqual(['load iris@1'])
    expect(rig.manager.isAvailable(iris(1))).toBe(true)
  })

  it('never tries again by itself what only a change can cure', async () => {
    rig.loaders.script(iris(1), { loadErrors: [PERMANENT] })
    rig.aspire('iris', 1)
    await rig.settle()
    await clock.advance(10 * 60_000)
    expect(await rig.step()).toEqual([])
    rig.aspire('iris')
    await rig.settle()
    rig.aspire('iris', 1)
    await rig.settle()
    expect(rig.manager.isAvailable(iris(1))).toBe(true)
  })

  it('answers every wrong request by its own code', async () => {
    rig.loaders.script(iris(2), { loadErrors: [PERMANENT] })
    rig.aspire('iris', 1, 2)
    await rig.settle()
    const code = (request: Parameters<typeof rig.manager.acquire>[0]) =>
      codeOf(() => rig.manager.acquire(request))
    expect(await code({ name: 'rose', version: 1 })).toBe('serving.model_not_found')
    expect(await code({ name: 'iris', version: 9 })).toBe('serving.version_not_found')
    expect(await code({ name: 'iris', version: 2 })).toBe('serving.version_not_available')
    expect(await code({ name: 'iris', label: 'constructor' })).toBe('serving.label_not_found')
    expect(await code({ name: 'iris', label: 'live' })).toBe('serving.version_not_available')
  })

  it('moves all labels of a model at once or none', async () => {
    rig.aspire('iris', 1, 2)
    await rig.settle()
    rig.manager.setLabels('iris', { live: 1 }, 4)
    const move = (labels: Record<string, number>, generation: number) =>
      codeOf(() => rig.manager.setLabels('iris', labels, generation))
    expect(await move({ live: 2, previous: 3 }, 5)).toBe('serving.version_not_available')
    expect(rig.manager.resolve({ name: 'iris', label: 'live' }).id.version).toBe(1)
    expect(await move({ live: 2, previous: 1 }, 5)).toBeUndefined()
    expect(await move({ live: 2, previous: 1 }, 5)).toBeUndefined()
    expect(await move({ live: 1 }, 4)).toBe('serving.stale_generation')
    const { id, generation } = rig.manager.resolve({ name: 'iris', label: 'live' })
    expect([id.version, generation]).toEqual([2, 5])
  })

  it('gives those who use a version too long an error instead of silence', async () => {
    rig.aspire('iris', 1, 2)
    await rig.settle()
    const used = codeOf(() => rig.manager.withHandle(iris(1), () => new Promise(() => {})))
    rig.aspire('iris', 2)
    await rig.step()
    await clock.advance(5_000)
    expect(await used).toBe('serving.drain_timeout')
    await rig.settle()
    expect(rig.manager.listAvailable()).toEqual([iris(2)])
  })

  it('releases the handle of withHandle also when its user fails', async () => {
    rig.aspire('iris', 1)
    await rig.settle()
    const failing = () => rig.manager.withHandle(iris(1), () => Promise.reject(PERMANENT))
    expect(await codeOf(failing)).toBe('onnx.load_failed')
    rig.aspire('iris')
    await rig.settle()
    expect(rig.loaders.alive).toBe(0)
  })

  it('goes on when a loader cannot unload, and reports it', async () => {
    rig.loaders.script(iris(1), { unloadError: PERMANENT })
    rig.aspire('iris', 1)
    await rig.settle()
    rig.aspire('iris')
    await rig.settle()
    expect(rig.troubles).toEqual([PERMANENT])
    expect(rig.monitor.all()).toEqual([])
  })

  it('closes in order: no new work, running work ends, everything is unloaded', async () => {
    rig.aspire('iris', 1, 2)
    rig.aspire('other', 1)
    await rig.settle()
    rig.loaders.script(iris(3), { gate: new Gate() })
    rig.aspire('iris', 1, 2, 3)
    await rig.step()
    const handle = rig.manager.acquire(iris(1))
    let closed = false
    const closing = rig.manager.close({ drainTimeoutMs: 1_000 }).then(() => {
      closed = true
    })
    await flush()
    expect(await codeOf(() => rig.manager.acquire(iris(2)))).toBe('serving.draining')
    expect([closed, rig.loaders.alive]).toEqual([false, 1])
    handle.release()
    await closing
    expect([rig.loaders.alive, rig.loaders.loading, rig.monitor.all()]).toEqual([0, 0, []])
    await rig.manager.close({ drainTimeoutMs: 0 })
    expect(await rig.step()).toEqual([])
  })

  it('closes in time although a handle is never released', async () => {
    rig.aspire('iris', 1)
    await rig.settle()
    const handle = rig.manager.acquire(iris(1))
    const closing = rig.manager.close({ drainTimeoutMs: 1_000 })
    await flush()
    await clock.advance(1_000)
    await closing
    expect(handle.revoked.reason).toMatchObject({ code: 'serving.drain_timeout' })
  })
})

describe('AspiredVersionsManager and memory', () => {
  it('refuses a version that does not fit beside the others, and loads it when there is room', async () => {
    const clock = new TestClock()
    const rig = managerRig({ clock, memoryLimitBytes: 10 })
    rig.loaders.script(iris(1), { memoryBytes: 6 })
    rig.loaders.script(iris(2), { memoryBytes: 6 })
    rig.aspire('iris', 1, 2)
    await rig.settle()
    expect(rig.monitor.stateOf(iris(2))?.error?.message).toBe('iris@2 needs 6 B, 4 B of 10 B are free.')
    expect(rig.manager.isAvailable(iris(1))).toBe(true)
    rig.aspire('iris', 2)
    await rig.settle()
    expect(rig.manager.listAvailable()).toEqual([iris(1)])
    rig.aspire('iris')
    await rig.settle()
    rig.aspire('iris', 2)
    await rig.settle()
    expect(rig.manager.listAvailable()).toEqual([iris(2)])
  })

  it('makes room first under the resource-preserving policy', async () => {
    const rig = managerRig({ clock: new TestClock(), memoryLimitBytes: 10, policy: resourcePreservingPolicy })
    rig.loaders.script(iris(1), { memoryBytes: 6 })
    rig.loaders.script(iris(2), { memoryBytes: 6 })
    rig.aspire('iris', 1)
    await rig.settle()
    rig.manager.setLabels('iris', { live: 1 }, 1)
    rig.aspire('iris', 2)
    await rig.settle()
    expect(rig.manager.listAvailable()).toEqual([iris(2)])
    const live = () => rig.manager.resolve({ name: 'iris', label: 'live' })
    expect(await codeOf(live)).toBe('serving.version_not_found')
    expect(rig.monitor.all().every((event) => !(event.error instanceof PlatformError))).toBe(true)
  })
})
