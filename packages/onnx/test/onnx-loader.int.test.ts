import { endlessOnNanModel, linearModel, slowLoadModel, waitFor } from '@understudy/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { floats, runInProcess } from './support/in-process.ts'
import { codeOf, LINEAR, NEVER, PoolRig, X } from './support/pool-rig.ts'

const ID = { name: 'linear', version: 1 }
const LOAD = { id: ID, signal: NEVER, role: 'idle' as const }

let rig: PoolRig
let linear: string

beforeAll(async () => {
  rig = await PoolRig.create()
  linear = await rig.folder.write('linear.onnx', linearModel())
})
afterEach(async () => {
  expect(await rig.reset()).toEqual([])
})
afterAll(() => rig?.remove())

describe('OnnxLoader', () => {
  it('loads, warms with golden requests, and answers like a run in the same process', async () => {
    const loader = rig.loader(linear)
    const servable = await loader.load(LOAD)
    expect(servable.signature).toEqual(LINEAR)
    expect(await loader.warmUp(servable, NEVER)).toMatchObject({ runs: 3 })
    expect((await servable.run(X)).outputs).toEqual(await runInProcess(linear, X))
    await loader.unload()
    expect(await codeOf(servable.run(X))).toBe('serving.executor_lost')
  })

  it('warms with one request when requests wait for the load', async () => {
    const loader = rig.loader(linear)
    const servable = await loader.load({ ...LOAD, awaited: true })
    expect(await loader.warmUp(servable, NEVER)).toMatchObject({ runs: 1 })
  })

  it('keeps a version in a rollout alone, and ends its process at unload', async () => {
    const loader = rig.loader(linear)
    await loader.load({ ...LOAD, role: 'rollout' })
    const [own] = rig.pool.processes().filter(({ kind }) => kind === 'own')
    expect(own?.models).toBe(1)
    await loader.unload()
    expect(await rig.pids()).not.toContain(own?.pid)
  })

  it('fails only the run that exceeds its time; those behind it are answered by the replacement', async () => {
    const path = await rig.folder.write('endless.onnx', endlessOnNanModel())
    const signature = { ...LINEAR, outputs: [] }
    const servable = await rig.serve(path, { signature, runTimeoutMs: 500 })
    const poison = codeOf(servable.run(new Map([['x', floats([1, 4], Number.NaN, 0, 0, 0)]])))
    const behind = Promise.all([1, 2, 3].map(() => servable.run(X)))
    expect(await poison).toBe('serving.run_timeout')
    expect(await behind).toHaveLength(3)
    expect(rig.incidents).toMatchObject([{ kind: 'hang', id: { name: 'model', version: 1 } }])
  })

  it('refuses a model whose signature is not the planned one', async () => {
    const path = await rig.folder.write('wide.onnx', linearModel({ outputs: 5 }))
    expect(await codeOf(rig.loader(path).load(LOAD))).toBe('onnx.load_failed')
  })

  it('ends the process of a load that is given up', async () => {
    const path = await rig.folder.write('slow.onnx', slowLoadModel())
    const giveUp = new AbortController()
    const load = codeOf(rig.loader(path, { measured: null }).load({ ...LOAD, signal: giveUp.signal }))
    const own = await waitFor('an own executor', () =>
      rig.pool.processes().find(({ kind }) => kind === 'own'),
    )
    giveUp.abort()
    expect(await load).toBe('serving.cancelled')
    await waitFor('its end', async () => !(await rig.pids()).includes(own.pid))
  })

  it('ends the process of a load that takes too long', async () => {
    const path = await rig.folder.write('slow.onnx', slowLoadModel())
    const loader = rig.loader(path, { measured: null, loadTimeoutMs: 500 })
    expect(await codeOf(loader.load(LOAD))).toBe('onnx.load_timeout')
  })

  it('unloads while a replacement is under way', async () => {
    const loader = rig.loader(linear)
    await loader.load({ ...LOAD, role: 'rollout' })
    const [own] = rig.pool.processes().filter(({ kind }) => kind === 'own')
    process.kill(own?.pid ?? 0, 'SIGKILL')
    await waitFor('the loss', () => rig.events.length > 0)
    await loader.unload()
    expect(rig.pool.processes().filter(({ kind }) => kind === 'own')).toEqual([])
  })
})
