import { chmod, readdir, truncate } from 'node:fs/promises'
import path from 'node:path'
import { defaultModelConfig, type NamedTensors, type PlannedVersion } from '@understudy/core'
import { type ExecutorEvent, ExecutorPool, probeSpawnTools, Starter } from '@understudy/onnx'
import { type BuiltExecutor, buildExecutor } from '@understudy/onnx/testing'
import type { Loader, ModelServable } from '@understudy/serving'
import { waitFor } from '@understudy/testing'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { createOnnxAdapter } from '../src/node/onnx-adapter.ts'
import { StoreRig } from './store-rig.ts'

const ID = { name: 'linear', version: 1 }
const CONTEXT = { id: ID, signal: new AbortController().signal, role: 'idle' } as const
/** Large enough to be mapped. */
const ROWS = 1_500
const X: NamedTensors = new Map([
  ['x', { dtype: 'float32', shape: [1, ROWS], data: new Float32Array(ROWS).fill(1) }],
])

let rig: StoreRig
let executor: BuiltExecutor
let pool: ExecutorPool
let starter: Starter | undefined
let planned: PlannedVersion
const events: ExecutorEvent[] = []
const loaders: Loader<ModelServable>[] = []

beforeAll(async () => {
  StoreRig.bundleWorker()
  ;[rig, executor] = await Promise.all([StoreRig.create(), buildExecutor()])
  starter = new Starter({ entry: executor.starter })
  pool = new ExecutorPool({ executor: { entry: executor.entry, tools: await probeSpawnTools(), starter } })
  planned = {
    ...(await rig.addVersion('a', ROWS)),
    ...{
      number: 1,
      commit: 'none',
      golden: [],
      batchable: true,
      measured: null,
      ...{ signatures: {}, classLabels: {} },
      traceparent: null,
    },
    runtime: { ...defaultModelConfig().runtime, timeoutMs: 20_000 },
    signature: {
      inputs: [{ name: 'x', dtype: 'float32', shape: ['N', ROWS] }],
      outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 1_000] }],
    },
  }
})
afterEach(async () => {
  await Promise.all(loaders.splice(0).map((loader) => loader.unload()))
  await rig.reset()
  events.length = 0
})
afterAll(async () => {
  await pool?.close()
  await starter?.close()
  await Promise.all([rig?.remove(), executor?.remove()])
})

function loader(): Loader<ModelServable> {
  const adapted = createOnnxAdapter({
    store: rig.artifacts,
    versions: rig.store,
    pool,
    onEvent: (event) => events.push(event),
    onIncident: () => undefined,
  }).adapt({ id: ID, data: planned })
  if ('error' in adapted) throw adapted.error
  loaders.push(adapted.data)
  return adapted.data
}

async function answer(servable: ModelServable): Promise<unknown> {
  const { outputs } = await servable.run(X)
  return outputs.get('y')?.data[0]
}

it('keeps a version on disk while it is loaded, planned or not', async () => {
  const one = loader()
  const servable = await one.load(CONTEXT)
  rig.store.plan([])
  await rig.store.swept()
  expect(await answer(servable)).toBe(ROWS * ROWS)
  expect(await readdir(rig.folder)).toEqual([planned.digest])
  await one.unload()
  await rig.store.swept()
  expect(await readdir(rig.folder)).toEqual([])
})

it('serves again after the weights that it maps were cut off, from the artifacts', async () => {
  const servable = await loader().load(CONTEXT)
  expect(await answer(servable)).toBe(ROWS * ROWS)
  const weights = path.join(rig.versionFolder(planned), 'files/weights.bin')
  await chmod(weights, 0o644)
  await truncate(weights, 4_096)
  await servable.run(X).catch(() => undefined)
  await waitFor('a lost executor', () => events.some((event) => event.type === 'lost'))
  expect(await waitFor('an answer', () => answer(servable).catch(() => undefined))).toBe(ROWS * ROWS)
  expect(rig.tasks).toEqual(['ingest', 'ingest'])
})

it('loads a version whose graph became other bytes, which neither size nor time tells', async () => {
  const first = loader()
  await first.load(CONTEXT)
  await first.unload()
  await rig.overwriteInPlace(path.join(rig.versionFolder(planned), 'files/model.onnx'))
  expect(await answer(await loader().load(CONTEXT))).toBe(ROWS * ROWS)
  expect(rig.tasks).toEqual(['ingest', 'verify', 'ingest'])
})
