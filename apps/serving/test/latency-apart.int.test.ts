import { defaultModelConfig, type MirrorPlan, type NamedTensors, type PlannedVersion } from '@understudy/core'
import { ExecutorPool, probeSpawnTools, Starter } from '@understudy/onnx'
import { type BuiltExecutor, buildExecutor } from '@understudy/onnx/testing'
import { LATENCY_EDGES_MS, LOST_PROPERTY, logE, RecentIds } from '@understudy/rollout'
import { ResourceTracker } from '@understudy/serving'
import { OnnxBuilder, waitFor } from '@understudy/testing'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { EvidenceSnapshot } from '../src/comparison/evidence-snapshot.ts'
import { SeriesLedger } from '../src/comparison/series-ledger.ts'
import { ApartExecutor } from '../src/latency/apart-executor.ts'
import { LatencyPairs } from '../src/latency/latency-pairs.ts'
import type { PlannedSeries } from '../src/node/mirrored-series.ts'
import { StoreRig } from './store-rig.ts'

const SIZE = 256
const X: NamedTensors = new Map([
  ['x', { dtype: 'float32', shape: [1, SIZE], data: new Float32Array(SIZE).fill(1) }],
])
const MARGIN = 0.05
const GIB = 1024 ** 3
/** Of the harm test, for one gate and source. */
const FAIL_LOG_E = Math.log(100)

let rig: StoreRig
let executor: BuiltExecutor
let pool: ExecutorPool
let starter: Starter | undefined
let pairs: LatencyPairs | undefined

beforeAll(async () => {
  StoreRig.bundleWorker()
  ;[rig, executor] = await Promise.all([StoreRig.create(), buildExecutor()])
  starter = new Starter({ entry: executor.starter })
  pool = new ExecutorPool({ executor: { entry: executor.entry, tools: await probeSpawnTools(), starter } })
})
afterEach(async () => {
  await pairs?.close()
  await rig.reset()
})
afterAll(async () => {
  await pool?.close()
  await starter?.close()
  await Promise.all([rig?.remove(), executor?.remove()])
})

/** A version that multiplies its row by a matrix so many times. */
async function versionOf(number: number, steps: number): Promise<PlannedVersion> {
  const data = new Float32Array(SIZE * SIZE).fill(1 / SIZE)
  const builder = new OnnxBuilder()
    .input('x', 'float32', ['N', SIZE])
    .output('y', 'float32', ['N', SIZE])
    .initializer('W', { dtype: 'float32', shape: [SIZE, SIZE], data })
  for (let step = 1; step <= steps; step += 1) {
    const from = step === 1 ? 'x' : `h${step - 1}`
    builder.node('MatMul', [[from, 'W'], [step === steps ? 'y' : `h${step}`]])
  }
  const stored = await rig.addModel(`d${number}`, builder.build())
  const spec = (name: string) => ({ name, dtype: 'float32' as const, shape: ['N', SIZE] })
  return {
    ...{ ...stored, number, commit: 'none', golden: [], batchable: true, measured: null },
    ...{ signatures: {}, classLabels: {}, traceparent: null, runtime: defaultModelConfig().runtime },
    signature: { inputs: [spec('x')], outputs: [spec('y')] },
  }
}

async function seriesOf(steps: readonly [number, number]): Promise<PlannedSeries> {
  const [baseline, candidate] = [await versionOf(1, steps[0]), await versionOf(2, steps[1])]
  const mirror: MirrorPlan = {
    ...{
      rolloutId: 'r',
      seriesId: 's',
      step: 'shadow',
      baseline: 1,
      candidate: 2,
      sample: 1,
      candidateShare: 0,
    },
    ...{ compare: {}, latency: { share: 1, overMs: null }, segmentHeader: null, keepAnswers: false },
    ...{ replay: false, storeInputs: false, traceparent: null },
  }
  return { model: 'm', mirror, baseline, candidate }
}

function executorOf(series: PlannedSeries, memory: ResourceTracker): ApartExecutor {
  const clock = { monotonicMs: () => performance.now() }
  return new ApartExecutor(series, { versions: rig.store, pool, memory, clock, memoryLimitBytes: GIB })
}

const comparisons = () => pool.processes().filter(({ kind }) => kind === 'comparison')

async function compare(steps: readonly [number, number], count: number): Promise<EvidenceSnapshot> {
  const series = await seriesOf(steps)
  const { mirror } = series
  pairs = new LatencyPairs({
    open: () => executorOf(series, new ResourceTracker(GIB)),
    random: Math.random,
    onFault: (error) => {
      throw error
    },
    clock: { monotonicMs: () => performance.now() },
  })
  const ids = { salt: 'salt', seen: new RecentIds(1_000) }
  const ledger = new SeriesLedger({ mirror, source: 'live', ids, before: undefined, inputKey: undefined })
  pairs.admit(mirror, 'live', ledger)
  for (let pair = 0; pair < count; pair += 1) {
    await pairs.untilIdle('s')
    const ticket = pairs.admit(mirror, 'live', ledger)
    if (ticket === undefined) throw new Error('the executor is not ready')
    ticket.run(X)
  }
  await pairs.untilIdle('s')
  return ledger.snapshot()
}

/** What the controller makes of it: the mean of the harm of all edges. */
function harm({ counters }: EvidenceSnapshot, gate: string): number {
  const rows = counters.filter((row) => row.gate === gate)
  const total = rows.find(({ property }) => property === LOST_PROPERTY)?.nZero ?? 0
  const logs = LATENCY_EDGES_MS.map((edge) => {
    const row = rows.find(({ property }) => property === String(edge))
    const { nPlus, nZero, nMinus } = row ?? { nPlus: 0, nZero: total, nMinus: 0 }
    return logE({ nPlus, nZero, nMinus }, MARGIN, 'harm')
  })
  const greatest = Math.max(...logs)
  return greatest + Math.log(logs.reduce((sum, one) => sum + Math.exp(one - greatest), 0) / logs.length)
}

it('sees within a few hundred pairs that a version takes twice as long, and that the comparator itself does not', async () => {
  const seen = await compare([20, 40], 250)
  expect(harm(seen, 'latency')).toBeGreaterThan(FAIL_LOG_E)
  expect(harm(seen, 'calibration')).toBeLessThan(FAIL_LOG_E)
  const pairsOf = (gate: string) =>
    seen.counters.find((row) => row.gate === gate && row.property === LOST_PROPERTY)
  expect(pairsOf('calibration')?.nZero).toBeGreaterThan(50)
  expect(pairsOf('latency')).toMatchObject({ nPlus: 0 })
  await waitFor('one comparison executor', () => comparisons().length === 1)
  await pairs?.close()
  expect(comparisons()).toEqual([])
})

it('holds a version of the same speed for no slower', async () => {
  const seen = await compare([20, 20], 250)
  expect(harm(seen, 'latency')).toBeLessThan(FAIL_LOG_E)
  expect(harm(seen, 'calibration')).toBeLessThan(FAIL_LOG_E)
})

it('holds what it needs of the memory of the node, and is gone when a version has got it', async () => {
  const series = await seriesOf([1, 1])
  const memory = new ResourceTracker(GIB)
  const apart = executorOf(series, memory)
  await apart.opened()
  const heldBytes = memory.reservedBytes
  expect(heldBytes).toBeGreaterThan(0)
  const { candidate } = await apart.compare(X, { gate: 'latency', first: 'baseline' })
  expect(candidate).not.toHaveProperty('error')
  const version = { owner: {}, id: { name: 'm', version: 3 }, memoryBytes: GIB - heldBytes + 1 }
  await memory.reserve(version)
  expect(comparisons()).toEqual([])
  expect(memory.reservedBytes).toBe(version.memoryBytes)
  expect(String(await apart.left)).toMatch(/A version needs the memory in which run times of m@2 and m@1/)
  const next = executorOf(series, memory)
  await expect(next.opened()).rejects.toMatchObject({ code: 'serving.insufficient_memory' })
  expect(memory.reservedBytes).toBe(version.memoryBytes)
})

it('gives back what it held when it is closed while it opens', async () => {
  const memory = new ResourceTracker(GIB)
  const apart = executorOf(await seriesOf([1, 1]), memory)
  await apart.close()
  await expect(apart.opened()).rejects.toMatchObject({ code: 'serving.cancelled' })
  expect(memory.reservedBytes).toBe(0)
  expect(comparisons()).toEqual([])
})
