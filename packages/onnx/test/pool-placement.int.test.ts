import { readFile } from 'node:fs/promises'
import { getPriority } from 'node:os'
import type { NamedTensors } from '@understudy/core'
import { externalLinearModel, linearModel, waitFor } from '@understudy/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { floats } from './support/in-process.ts'
import { PoolRig, SMALL, X } from './support/pool-rig.ts'

const MIB = 1024 * 1024
const SIDE = 2048
const WEIGHTS_BYTES = SIDE * SIDE * 4
const WIDE: NamedTensors = new Map([
  ['x', floats([2, SIDE], ...Array.from({ length: 2 * SIDE }, (_, i) => Math.sin(i)))],
])
const LARGE = {
  measured: { loadMs: 200, memoryBytes: 140 * MIB },
  signature: {
    inputs: [{ name: 'x', dtype: 'float32' as const, shape: ['N', SIDE] }],
    outputs: [{ name: 'y', dtype: 'float32' as const, shape: ['N', SIDE] }],
  },
  warmUpInputs: [WIDE],
}

let rig: PoolRig
let large: string

beforeAll(async () => {
  rig = await PoolRig.create()
  const { model, weights } = externalLinearModel('large.bin', { inputs: SIDE, outputs: SIDE })
  await rig.folder.write('large.bin', weights)
  large = await rig.folder.write('large.onnx', model)
})
afterEach(async () => {
  expect(await rig.reset()).toEqual([])
})
afterAll(() => rig?.remove())

function largeModel() {
  return { ...LARGE, ingested: { path: large, weightsBytes: WEIGHTS_BYTES, mappable: true } }
}

/** What holds a process back beside others: the nice value of its session, or its own. */
async function effectiveNice(pid: number): Promise<number> {
  const autogroup = await readFile(`/proc/${pid}/autogroup`, 'utf8').catch(() => '')
  return Math.max(getPriority(pid), Number(/nice (-?\d+)/.exec(autogroup)?.[1] ?? 0))
}

async function anonymousBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

describe('priority', () => {
  it('of a version on trial is lower than that of live, and the same once it is live', async () => {
    const path = await rig.folder.write('trial.onnx', linearModel())
    // Unmeasured, so that it stays in its own executor when it is live.
    const live = await rig.serve(path, { name: 'live', measured: null })
    const trial = await rig.serve(path, { name: 'trial', measured: null, role: 'rollout' })
    const pids = [live, trial].map(({ place }) => place?.pid ?? 0)
    const niceOf = async () => await Promise.all(pids.map(effectiveNice))
    const means = await rig.background()
    expect(await niceOf()).toEqual(means === 'none' ? [0, 0] : [0, 10])
    await trial.run(X)
    trial.assume('live')
    await waitFor('the normal priority', async () => (await niceOf())[1] === 0)
    trial.assume('rollout')
    await waitFor('the lower one', async () => means === 'none' || (await niceOf())[1] === 10)
    expect([live.place?.pid, trial.place?.pid]).toEqual(pids)
  })

  it('is the lower one, too, in the executor that replaces a lost one of a version on trial', async () => {
    const path = await rig.folder.write('lost-trial.onnx', linearModel())
    const trial = await rig.serve(path, { role: 'rollout' })
    const lost = trial.place?.pid ?? 0
    process.kill(lost, 'SIGKILL')
    const pid = await waitFor('the replacement', () => {
      const now = trial.place?.pid
      return now === lost ? undefined : now
    })
    await trial.run(X)
    expect(await effectiveNice(pid)).toBe((await rig.background()) === 'none' ? 0 : 10)
  })
})

describe('placement', () => {
  it('holds many small versions in one process', async () => {
    const servables = []
    for (let seed = 1; seed <= 5; seed++) {
      const path = await rig.folder.write(`small-${seed}.onnx`, linearModel({ seed }))
      servables.push(await rig.serve(path, { name: `small-${seed}` }))
    }
    await Promise.all(servables.map((servable) => servable.run(X)))
    const shared = rig.pool.processes().filter(({ kind }) => kind === 'shared')
    expect(shared).toMatchObject([{ models: 5 }])
  })

  it('starts one process for a small version that needs more memory than any shared one has to give', async () => {
    const path = await rig.folder.write('hungry.onnx', linearModel())
    const servable = await rig.serve(path, { measured: { loadMs: 1, memoryBytes: 3_072 * MIB } })
    await servable.run(X)
    expect(rig.pool.processes().filter(({ kind }) => kind === 'shared')).toMatchObject([{ models: 1 }])
  })

  it('serves a large live version mapped first, and prepacked soon, without a failed run', async () => {
    const servable = await rig.serve(large, largeModel())
    const first = servable.place
    expect(first).toMatchObject({ form: 'mapped', placement: 'own' })
    const expected = (await servable.run(WIDE)).outputs.get('y')?.data[0]
    let answered = 0
    while (servable.place?.form !== 'prepacked') {
      const { outputs } = await servable.run(WIDE)
      expect(outputs.get('y')?.data[0]).toBeCloseTo(Number(expected), 3)
      answered += 1
    }
    await servable.run(WIDE)
    expect(answered).toBeGreaterThan(0)
    expect(rig.eventTypes()).toEqual(['moved'])
    await waitFor('the end of the first home', async () => !(await rig.pids()).includes(first?.pid ?? 0))
  })

  it('gives back the memory of a version that became the previous one', async () => {
    const servable = await rig.serve(large, largeModel())
    const prepacked = await waitFor('its live form', () =>
      servable.place?.form === 'prepacked' ? servable.place : undefined,
    )
    expect(await anonymousBytes(prepacked.pid)).toBeGreaterThan(WEIGHTS_BYTES)
    servable.assume('idle')
    const parked = await waitFor('its form at rest', () =>
      servable.place?.form === 'mapped' ? servable.place : undefined,
    )
    expect(parked.placement).toBe('parked')
    await waitFor('the end of the live home', async () => !(await rig.pids()).includes(prepacked.pid))
    await rig.withSpare()
    const spare = rig.pool.processes().find(({ kind }) => kind === 'spare')
    // Beside an executor without any model it costs next to nothing.
    const besidesBytes = (await anonymousBytes(parked.pid)) - (await anonymousBytes(spare?.pid ?? 0))
    expect(besidesBytes).toBeLessThan(0.5 * WEIGHTS_BYTES)
    await servable.run(WIDE)
  })

  it('follows a role that changes while it moves', async () => {
    const servable = await rig.serve(large, largeModel())
    servable.assume('idle')
    servable.assume('live')
    servable.assume('idle')
    await waitFor('its form at rest', () => servable.place?.placement === 'parked')
    servable.assume('live')
    await waitFor('its live form', () => servable.place?.form === 'prepacked')
    expect(rig.pool.processes().filter(({ kind }) => kind === 'own')).toHaveLength(1)
  })

  it('brings a small version beside the others once its rollout is over', async () => {
    const path = await rig.folder.write('candidate.onnx', linearModel())
    const servable = await rig.serve(path, { role: 'rollout', measured: SMALL })
    const own = servable.place
    expect(own?.placement).toBe('own')
    servable.assume('live')
    await waitFor('the shared home', () => servable.place?.placement === 'shared')
    await servable.run(X)
    await waitFor('the end of its own', async () => !(await rig.pids()).includes(own?.pid ?? 0))
  })
})
