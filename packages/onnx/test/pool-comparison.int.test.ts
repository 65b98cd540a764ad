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
  for (const coin of ['baselineFirst', 'candidateFirst'] as const) {
    const { baseline, candidate } = await comparison.compare(X, coin)
    expect(baseline).toMatchObject({ outputs: await runInProcess(linear, X), runTimeMs: expect.any(Number) })
    expect(candidate).toMatchObject({ outputs: await runInProcess(other, X) })
  }
  expect(rig.pool.processes().filter(({ kind }) => kind === 'comparison')).toMatchObject([{ models: 2 }])
  await comparison.close()
  expect(rig.pool.processes().filter(({ kind }) => kind === 'comparison')).toEqual([])
})

it('gives the fault to the version that ended the executor, and compares again afterwards', async () => {
  const comparison = pair(linear, endless)
  const first = await comparison.compare(POISON, 'candidateFirst')
  expect(first.candidate).toMatchObject({ error: { code: 'serving.run_timeout' } })
  expect(first.baseline).toMatchObject({ error: { code: 'serving.executor_lost' } })
  const second = await comparison.compare(X, 'candidateFirst')
  expect(second).toMatchObject({
    baseline: { outputs: expect.any(Map) },
    candidate: { outputs: expect.any(Map) },
  })
  await comparison.close()
  await waitFor('no process', () => rig.pool.processes().every(({ kind }) => kind === 'spare'))
})
