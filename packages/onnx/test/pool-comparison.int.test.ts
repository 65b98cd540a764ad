import { getPriority } from 'node:os'
import { endlessOnNanModel, linearModel, waitFor } from '@understudy/testing'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { ComparisonExecutor } from '../src/pool/comparison-executor.ts'
import { floats, runInProcess } from './support/in-process.ts'
import { PoolRig, X } from './support/pool-rig.ts'

const MIB = 1024 * 1024
const POISON = new Map([['x', floats([1, 4], Number.NaN, 0, 0, 0)]])

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

function pair(baseline: string, candidate: string): ComparisonExecutor {
  return new ComparisonExecutor({
    baseline: { path: baseline, reservedBytes: 100 * MIB },
    candidate: { path: candidate, reservedBytes: 100 * MIB },
    ...{ form: 'prepacked', intraOpThreads: 1, loadLimitMs: 30_000, runTimeoutMs: 300 },
    open: (signal) => rig.pool.open(signal),
  })
}

it('runs a batch on both versions in one process, and tells what each run took', async () => {
  const other = await rig.folder.write('other.onnx', linearModel({ seed: 2 }))
  const comparison = pair(linear, other)
  for (const first of ['baseline', 'opponent'] as const) {
    const { baseline, opponent } = await comparison.compare(X, { opponent: 'candidate', first })
    expect(baseline).toMatchObject({ outputs: await runInProcess(linear, X), runTimeMs: expect.any(Number) })
    expect(opponent).toMatchObject({ outputs: await runInProcess(other, X) })
  }
  const twin = await comparison.compare(X, { opponent: 'baseline', first: 'opponent' })
  expect(twin.opponent).toMatchObject({ outputs: await runInProcess(linear, X) })
  // The baseline is held twice.
  expect(rig.pool.processes().filter(({ kind }) => kind === 'comparison')).toMatchObject([{ models: 3 }])
  await comparison.close()
  expect(rig.pool.processes().filter(({ kind }) => kind === 'comparison')).toEqual([])
})

it.skipIf(process.platform !== 'linux')('gives way to executors of clients', async () => {
  const comparison = pair(linear, linear)
  await comparison.open()
  const [own] = rig.pool.processes().filter(({ kind }) => kind === 'comparison')
  expect(getPriority(own?.pid ?? 0)).toBeGreaterThan(getPriority())
  await comparison.close()
})

it('gives the fault to the version that ended the executor: the other one runs in the next', async () => {
  const comparison = pair(linear, endless)
  const order = { opponent: 'candidate', first: 'opponent' } as const
  const poisoned = await comparison.compare(POISON, order)
  expect(poisoned.opponent).toMatchObject({ error: { code: 'serving.run_timeout' } })
  expect(poisoned.baseline).toMatchObject({ runTimeMs: expect.any(Number) })
  const next = await comparison.compare(X, order)
  expect(next).toMatchObject({
    baseline: { outputs: expect.any(Map) },
    opponent: { outputs: expect.any(Map) },
  })
  await comparison.close()
  await waitFor('no process', () => rig.pool.processes().every(({ kind }) => kind === 'spare'))
})

it('says that a version cannot be loaded, and leaves nothing behind', async () => {
  const comparison = pair(linear, '/nowhere/model.onnx')
  await expect(comparison.open()).rejects.toMatchObject({ code: expect.stringMatching(/^onnx\.load_/) })
  await waitFor('no process', () => rig.pool.processes().every(({ kind }) => kind === 'spare'))
  await comparison.close()
})
