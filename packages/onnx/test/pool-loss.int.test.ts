import { endlessOnNanModel, linearModel, waitFor } from '@understudy/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { floats } from './support/in-process.ts'
import { codeOf, LINEAR, PoolRig, X } from './support/pool-rig.ts'
import { processorTicks } from './support/processes.ts'

const POISON = new Map([['x', floats([1, 4], Number.NaN, 0, 0, 0)]])
const ENDLESS = { signature: { ...LINEAR, outputs: [] } }

let rig: PoolRig
let linear: string
let endless: string

beforeAll(async () => {
  rig = await PoolRig.create()
  linear = await rig.folder.write('linear.onnx', linearModel())
  endless = await rig.folder.write('endless.onnx', endlessOnNanModel())
})
afterEach(async () => {
  expect(await rig.reset()).toEqual([])
})
afterAll(() => rig?.remove())

function theAlone(besides: number | undefined) {
  return waitFor('a sacrificial executor', () =>
    rig.pool.processes().find(({ kind, pid }) => kind === 'own' && pid !== besides),
  )
}

describe('a lost executor', () => {
  it('is replaced by the spare, again and again: every run is answered once, but the one under way', async () => {
    await rig.withSpare()
    const servable = await rig.serve(linear, { role: 'rollout' })
    const expected = (await servable.run(X)).outputs
    for (let kill = 1; kill <= 3; kill++) {
      await rig.withSpare()
      const spare = rig.pool.processes().find(({ kind }) => kind === 'spare')
      const runs = Array.from({ length: 50 }, () => servable.run(X))
      const pid = servable.place?.pid ?? 0
      process.kill(pid, 'SIGKILL')
      runs.push(...Array.from({ length: 50 }, () => servable.run(X)))
      const settled = await Promise.allSettled(runs)
      const failed = settled.filter(({ status }) => status === 'rejected')
      expect(failed.length).toBeLessThanOrEqual(1)
      for (const one of failed) expect(one).toMatchObject({ reason: { code: 'onnx.run_crashed' } })
      for (const one of settled) if (one.status === 'fulfilled') expect(one.value.outputs).toEqual(expected)
      await waitFor('the replacement', () => servable.place !== undefined && servable.place.pid !== pid)
      if (kill === 1) expect(servable.place?.pid).toBe(spare?.pid)
    }
    const types = rig.eventTypes()
    expect(types.filter((type) => type === 'lost')).toHaveLength(3)
    expect(types.filter((type) => type === 'replaced')).toHaveLength(3)
  })

  it('brings back all of the small versions that it shared', async () => {
    const servables = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const path = await rig.folder.write(`shared-${i}.onnx`, linearModel({ seed: i + 1 }))
        return await rig.serve(path, { name: `shared-${i}` })
      }),
    )
    const before = await Promise.all(servables.map((servable) => servable.run(X)))
    const [shared] = rig.pool.processes().filter(({ kind }) => kind === 'shared')
    expect(shared?.models).toBe(20)
    process.kill(shared?.pid ?? 0, 'SIGKILL')
    await waitFor('the loss', () => rig.eventTypes().includes('lost'))
    const after = await Promise.all(servables.map((servable) => servable.run(X)))
    expect(after.map(({ outputs }) => outputs)).toEqual(before.map(({ outputs }) => outputs))
    expect(rig.pool.processes().filter(({ kind }) => kind === 'shared')).toMatchObject([{ models: 20 }])
    // Nobody's run was being carried out, so nobody is to blame.
    expect(rig.incidents).toEqual([])
  })

  it('is held against the version whose run was under way, which is alone from then on', async () => {
    const bad = await rig.serve(endless, { ...ENDLESS, name: 'bad', runTimeoutMs: 300 })
    const good = await rig.serve(linear, { name: 'good' })
    expect(good.place?.pid).toBe(bad.place?.pid)
    const poisoned = codeOf(bad.run(POISON))
    const answers = Promise.all([good.run(X), good.run(X), bad.run(X)])
    expect(await poisoned).toBe('serving.run_timeout')
    expect(await answers).toHaveLength(3)
    expect(rig.incidents).toMatchObject([{ id: { name: 'bad' }, kind: 'hang' }])
    await waitFor('an own executor', () => bad.place?.placement === 'own')
    expect(good.place?.placement).toBe('shared')
  })

  it('fails runs as lost when there is no replacement in their time', async () => {
    const servable = await rig.serve(linear, { role: 'rollout', timeoutMs: 0 })
    process.kill(servable.place?.pid ?? 0, 'SIGKILL')
    // The spare takes its place within milliseconds.
    await waitFor('the loss', () => servable.place === undefined, { everyMs: 0 })
    expect(await codeOf(servable.run(X))).toBe('serving.executor_lost')
  })

  it('is a stopped one, too: it is ended, and every run is answered by its replacement', async () => {
    const servable = await rig.serve(linear, { role: 'rollout', runTimeoutMs: 60_000 })
    const pid = servable.place?.pid ?? 0
    process.kill(pid, 'SIGSTOP')
    await Promise.all(Array.from({ length: 10 }, () => servable.run(X)))
    expect(servable.place?.pid).not.toBe(pid)
    // Whoever stopped it, it was not the version.
    expect(rig.incidents).toEqual([])
  })

  it('is noticed when a spare was stopped: another one is taken', async () => {
    await rig.withSpare()
    const spare = rig.pool.processes().find(({ kind }) => kind === 'spare')
    process.kill(spare?.pid ?? 0, 'SIGSTOP')
    const servable = await rig.serve(linear)
    expect(servable.place?.pid).not.toBe(spare?.pid)
  })
})

describe('a suspect', () => {
  it('runs alone in a process of its own, and ends only that', async () => {
    const servable = await rig.serve(endless, { ...ENDLESS, role: 'rollout', runTimeoutMs: 10_000 })
    const live = servable.place?.pid
    await servable.runAlone(X)
    const { pid } = await theAlone(live)
    const restingTicks = await processorTicks(pid)
    const suspect = codeOf(servable.runAlone(POISON))
    await waitFor('its run', async () => (await processorTicks(pid)) > restingTicks + 5)
    process.kill(pid, 'SIGSEGV')
    expect(await suspect).toBe('onnx.run_crashed')
    await servable.run(X)
    expect(servable.place?.pid).toBe(live)
    expect(rig.incidents).toEqual([])
  })

  it('shares its process with other suspects of the version, one at a time, however many there are', async () => {
    const servable = await rig.serve(endless, { ...ENDLESS, role: 'rollout', runTimeoutMs: 300 })
    let most = 0
    const suspects = [X, POISON, X, X].map(async (inputs) => {
      const code = await codeOf(servable.runAlone(inputs))
      most = Math.max(most, rig.pool.processes().filter(({ kind }) => kind === 'own').length)
      return code
    })
    expect(await Promise.all(suspects)).toEqual(['answered', 'serving.run_timeout', 'answered', 'answered'])
    expect(most).toBeLessThanOrEqual(2)
    await waitFor('its end', () => rig.pool.processes().filter(({ kind }) => kind === 'own').length === 1)
  })
})
