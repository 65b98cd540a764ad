import { TestClock } from '@understudy/testing'
import { describe, expect, it } from 'vitest'
import { codeOf, PERMANENT } from '../test-support/errors.ts'
import { flush } from '../test-support/flush.ts'
import { Gate } from '../test-support/gate.ts'
import { managerRig } from '../test-support/manager-rig.ts'
import { resourcePreservingPolicy } from './resource-preserving-policy.ts'
import type { VersionPlace } from './take-snapshots.ts'

const iris = (version: number) => ({ name: 'iris', version })
const LIVE: VersionPlace = { role: 'live', promised: true }
const KEPT: VersionPlace = { role: 'idle', promised: true }
const INCOMING: VersionPlace = { role: 'idle', promised: false }

/** Versions of 6 bytes, of which 10 bytes hold one. */
function tightRig(places: Record<number, VersionPlace>, options: { readonly resource?: boolean } = {}) {
  const clock = new TestClock()
  const rig = managerRig({
    clock,
    memoryLimitBytes: 10,
    placeOf: ({ version }) => places[version] ?? INCOMING,
    ...(options.resource !== false && { policy: resourcePreservingPolicy }),
  })
  for (const version of [1, 2, 3]) rig.loaders.script(iris(version), { memoryBytes: 6 })
  const loaded = () => rig.manager.listAvailable().map(({ version }) => version)
  return { ...rig, clock, loaded }
}

describe('a version that does not fit beside the one that serves', () => {
  it('is refused with the numbers under the availability-preserving policy, until there is room', async () => {
    const rig = tightRig({ 1: LIVE }, { resource: false })
    rig.aspire('iris', 1, 2)
    await rig.settle()
    expect(rig.monitor.stateOf(iris(2))?.error?.message).toBe('iris@2 needs 6 B, 4 B of 10 B are free.')
    rig.aspire('other')
    rig.manager.dropLabels('iris')
    rig.aspire('iris', 2)
    await rig.settle()
    expect(rig.loaded()).toEqual([1])
    rig.aspire('iris')
    await rig.settle()
    rig.aspire('iris', 2)
    await rig.settle()
    expect(rig.loaded()).toEqual([2])
  })

  it('is loaded at once when the memory of another model comes free', async () => {
    const rig = tightRig({ 1: LIVE }, { resource: false })
    rig.loaders.script({ name: 'big', version: 1 }, { memoryBytes: 8 })
    rig.aspire('big', 1)
    await rig.settle()
    rig.aspire('iris', 1)
    await rig.settle()
    expect(rig.loaded()).toEqual([1])
    expect(rig.manager.listAvailable()).toEqual([{ name: 'big', version: 1 }])
    rig.aspire('big')
    await rig.settle()
    await rig.settle()
    expect(rig.manager.listAvailable()).toEqual([iris(1)])
  })

  it('takes its place under the resource-preserving policy, which says so, and the model is dark meanwhile', async () => {
    const places: Record<number, VersionPlace> = { 1: LIVE }
    const rig = tightRig(places)
    rig.aspire('iris', 1)
    await rig.settle()
    rig.manager.setLabels('iris', { live: 1 }, 1)
    const gate = new Gate()
    rig.loaders.script(iris(2), { memoryBytes: 6, gate })
    rig.aspire('iris', 1, 2)
    await rig.settle()
    expect(await codeOf(() => rig.manager.acquire({ name: 'iris', label: 'live' }))).toBe(
      'serving.version_not_available',
    )
    gate.open()
    await rig.settle()
    expect(rig.loaded()).toEqual([2])
    expect(rig.monitor.stateOf(iris(1))).toMatchObject({
      state: 'error',
      error: { message: 'iris@1 was unloaded to make room for iris@2: it needs 6 B, 4 B are free.' },
    })
    Object.assign(places, { 1: KEPT, 2: LIVE })
    rig.manager.setLabels('iris', { live: 2 }, 2)
    for (let turn = 0; turn < 3; turn += 1) await rig.settle()
    expect(rig.loaded()).toEqual([2])
  })

  it('gives the place back when it cannot be loaded, and does not take it again', async () => {
    const rig = tightRig({ 1: LIVE })
    rig.aspire('iris', 1)
    await rig.settle()
    rig.manager.setLabels('iris', { live: 1 }, 1)
    rig.loaders.script(iris(2), { memoryBytes: 6, loadErrors: [PERMANENT, PERMANENT, PERMANENT] })
    rig.aspire('iris', 1, 2)
    for (let turn = 0; turn < 4; turn += 1) await rig.settle()
    expect(rig.loaded()).toEqual([1])
    expect(rig.monitor.stateOf(iris(2))?.error?.code).toBe('onnx.load_failed')
    rig.manager.acquire({ name: 'iris', label: 'live' }).release()
  })

  it('is refused when it is to be compared with live', async () => {
    const rig = tightRig({ 1: LIVE, 2: { role: 'rollout', promised: false } })
    rig.aspire('iris', 1, 2)
    for (let turn = 0; turn < 3; turn += 1) await rig.settle()
    expect(rig.loaded()).toEqual([1])
    expect(rig.monitor.stateOf(iris(2))?.error?.code).toBe('serving.insufficient_memory')
  })
})

describe('a number that stands for other content', () => {
  it('is changed without a gap, and the old content leaves after its last user', async () => {
    const rig = managerRig({ clock: new TestClock(), memoryLimitBytes: 10 })
    rig.aspireContents('iris', { 1: 'a' })
    await rig.settle()
    rig.manager.setLabels('iris', { live: 1 }, 1)
    const user = rig.manager.acquire(iris(1))
    const gate = new Gate()
    rig.loaders.script(iris(1), { gate })
    rig.aspireContents('iris', { 1: 'b' })
    await rig.settle()
    expect(rig.manager.resolve({ name: 'iris', label: 'live' }).servable.attempt).toBe(1)
    gate.open()
    await rig.settle()
    expect(rig.manager.resolve({ name: 'iris', label: 'live' }).servable.attempt).toBe(2)
    expect([user.servable.alive, rig.loaders.alive]).toEqual([true, 2])
    user.release()
    await rig.settle()
    expect([user.servable.alive, rig.loaders.alive, rig.loaders.violations]).toEqual([false, 1, []])
    expect(rig.events.filter((event) => event.startsWith('unloading') || event.startsWith('end'))).toEqual([])
  })

  it('serves the old content while the new one cannot be loaded, and says why', async () => {
    const clock = new TestClock()
    const rig = managerRig({ clock, memoryLimitBytes: 10 })
    rig.aspireContents('iris', { 1: 'a' })
    await rig.settle()
    rig.loaders.script(iris(1), { loadErrors: [undefined, PERMANENT, undefined] })
    rig.aspireContents('iris', { 1: 'b' })
    await rig.settle()
    expect(rig.manager.loadedAs(iris(1))?.attempt).toBe(1)
    expect(rig.monitor.stateOf(iris(1))).toMatchObject({ state: 'available', error: PERMANENT })
    await rig.settle()
    expect(rig.loaders.attemptsOf(iris(1))).toBe(2)
    await clock.advance(60_000)
    await rig.settle()
    expect(rig.manager.loadedAs(iris(1))?.attempt).toBe(3)
    expect(rig.monitor.stateOf(iris(1))?.error).toBeUndefined()
  })

  it('goes dark for the change only where the policy puts memory first', async () => {
    for (const resource of [false, true]) {
      const rig = tightRig({ 1: LIVE }, { resource })
      rig.aspireContents('iris', { 1: 'a' })
      await rig.settle()
      rig.aspireContents('iris', { 1: 'b' })
      for (let turn = 0; turn < 3; turn += 1) {
        await rig.settle()
        await rig.clock.advance(2_000)
      }
      await rig.settle()
      expect([rig.loaded(), rig.loaders.alive]).toEqual([[1], 1])
      expect(rig.manager.loadedAs(iris(1))?.attempt === 1).toBe(!resource)
    }
  })

  it('starts over with the new content when the old one was still loading', async () => {
    const rig = managerRig({ clock: new TestClock(), memoryLimitBytes: 10 })
    const gate = new Gate()
    rig.loaders.script(iris(1), { gate })
    rig.aspireContents('iris', { 1: 'a' })
    await rig.settle()
    rig.loaders.script(iris(1), {})
    rig.aspireContents('iris', { 1: 'b' })
    await rig.settle()
    await rig.settle()
    expect(rig.manager.loadedAs(iris(1))?.attempt).toBe(2)
    expect(rig.loaders.alive).toBe(1)
  })
})

describe('closing', () => {
  it('waits no longer than the drain for a loader that ignores its abort', async () => {
    const clock = new TestClock()
    const rig = managerRig({ clock })
    rig.loaders.script(iris(1), { gate: new Gate(), deaf: true })
    rig.aspire('iris', 1)
    await rig.step()
    let closed = false
    const closing = rig.manager.close({ drainTimeoutMs: 1_000 }).then(() => {
      closed = true
    })
    await flush()
    await clock.advance(2_999)
    expect(closed).toBe(false)
    await clock.advance(1)
    await closing
    expect(closed).toBe(true)
  })
})
