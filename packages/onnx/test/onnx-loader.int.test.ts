import { isPlatformError, modelConfigSchema, type NamedTensors, type Signature } from '@understudy/core'
import type { ModelServable } from '@understudy/serving'
import { endlessOnNanModel, linearModel, slowLoadModel, waitFor } from '@understudy/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ExecutorEvent } from '../src/loader/executor-events.ts'
import { OnnxLoader, type OnnxLoaderOptions } from '../src/loader/onnx-loader.ts'
import { probeSpawnTools, type SpawnTools } from '../src/process/probe-spawn-tools.ts'
import { type BuiltExecutor, buildExecutor } from './support/executor-entry.ts'
import { floats, runInProcess } from './support/in-process.ts'
import { ModelFolder } from './support/model-folder.ts'
import { processesOf } from './support/processes.ts'

const ID = { name: 'linear', version: 1 }
const NEVER = new AbortController().signal
const X: NamedTensors = new Map([['x', floats([2, 4], 1, 2, 3, 4, -1, -2, -3, -4)]])
const signature: Signature = {
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 4] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 3] }],
}
const defaults = modelConfigSchema.parse({}).runtime

let built: BuiltExecutor
let folder: ModelFolder
let tools: SpawnTools
const loaders: OnnxLoader[] = []

beforeAll(async () => {
  ;[built, folder, tools] = await Promise.all([buildExecutor(), ModelFolder.create(), probeSpawnTools()])
})
afterEach(async () => {
  await Promise.all(loaders.splice(0).map((loader) => loader.unload()))
  expect(await processesOf(built.entry)).toEqual([])
})
afterAll(async () => {
  await Promise.all([built?.remove(), folder?.remove()])
})

async function loaderOf(
  model: Uint8Array,
  options: Partial<OnnxLoaderOptions> & { runTimeoutMs?: number } = {},
) {
  const events: ExecutorEvent[] = []
  const modelPath = await folder.write('model.onnx', model)
  // A busy machine may need its time to start a process: runs wait that long for a replacement.
  const runtime = { ...defaults, timeoutMs: 20_000, runTimeoutMs: options.runTimeoutMs ?? 5_000 }
  const files = [{ path: 'model.onnx', sha256: '', sizeBytes: model.byteLength }]
  const loader = new OnnxLoader({
    modelPath,
    planned: { signature, batchable: true, runtime, files },
    warmUpInputs: [X],
    executor: { entry: built.entry, tools },
    onEvent: (event) => events.push(event),
    ...options,
  })
  loaders.push(loader)
  return { loader, events, modelPath }
}

async function thePid(): Promise<number> {
  return waitFor('one executor', async () => {
    const pids = await processesOf(built.entry)
    return pids.length === 1 ? pids[0] : undefined
  })
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'answered'
  } catch (error) {
    return isPlatformError(error) ? error.code : String(error)
  }
}

function answersOf(servable: ModelServable, count: number): Promise<NamedTensors[]> {
  return Promise.all(Array.from({ length: count }, async () => (await servable.run(X)).outputs))
}

describe('OnnxLoader', () => {
  it('loads, warms with golden requests, answers like a run in the same process, and leaves no process', async () => {
    const { loader, modelPath } = await loaderOf(linearModel())
    expect((await loader.estimateResources()).executors).toBe(1)
    const servable = await loader.load({ id: ID, signal: NEVER, role: 'idle' })
    expect(servable.signature).toEqual(signature)
    expect(await loader.warmUp(servable, NEVER)).toMatchObject({ runs: 3 })
    expect((await servable.run(X)).outputs).toEqual(await runInProcess(modelPath, X))
    await loader.unload()
    expect(await processesOf(built.entry)).toEqual([])
    expect(await codeOf(servable.run(X))).toBe('serving.executor_lost')
  })

  it('answers every run although its executor is killed again and again', async () => {
    const { loader, events } = await loaderOf(linearModel())
    const servable = await loader.load({ id: ID, signal: NEVER, role: 'idle' })
    const expected = (await servable.run(X)).outputs
    for (let kill = 1; kill <= 3; kill++) {
      const before = answersOf(servable, 50)
      process.kill(await thePid(), 'SIGKILL')
      const after = answersOf(servable, 50)
      for (const answer of [...(await before), ...(await after)]) expect(answer).toEqual(expected)
      await waitFor('the replacement', () => events.filter(({ type }) => type === 'replaced').length === kill)
    }
    expect(events.map(({ type }) => type)).toEqual([
      'lost',
      'replaced',
      'lost',
      'replaced',
      'lost',
      'replaced',
    ])
  })

  it('fails only the run that exceeds its time; those behind it are answered by the replacement', async () => {
    const planned = { signature: { ...signature, outputs: [] }, batchable: true, files: [] }
    const runtime = { ...defaults, timeoutMs: 20_000, runTimeoutMs: 500 }
    const { loader } = await loaderOf(endlessOnNanModel(), { planned: { ...planned, runtime } })
    const servable = await loader.load({ id: ID, signal: NEVER, role: 'idle' })
    const poison = codeOf(servable.run(new Map([['x', floats([1, 4], Number.NaN, 0, 0, 0)]])))
    const behind = answersOf(servable, 5)
    expect(await poison).toBe('serving.run_timeout')
    expect(await behind).toHaveLength(5)
  })

  it('refuses a model whose signature is not the planned one', async () => {
    const { loader } = await loaderOf(linearModel({ outputs: 5 }))
    expect(await codeOf(loader.load({ id: ID, signal: NEVER, role: 'idle' }))).toBe('onnx.load_failed')
  })

  it('ends the process of a load that is given up', async () => {
    const { loader } = await loaderOf(slowLoadModel())
    const giveUp = new AbortController()
    const load = codeOf(loader.load({ id: ID, signal: giveUp.signal, role: 'idle' }))
    await thePid()
    giveUp.abort()
    expect(await load).toBe('serving.cancelled')
  })

  it('ends the process of a load that takes too long', async () => {
    const { loader } = await loaderOf(slowLoadModel(), { loadTimeoutMs: 500 })
    expect(await codeOf(loader.load({ id: ID, signal: NEVER, role: 'idle' }))).toBe('onnx.load_timeout')
  })

  it('unloads while a replacement is under way, and leaves no process', async () => {
    const { loader, events } = await loaderOf(linearModel())
    await loader.load({ id: ID, signal: NEVER, role: 'idle' })
    process.kill(await thePid(), 'SIGKILL')
    await waitFor('the loss', () => events.length > 0)
    await loader.unload()
    expect(await processesOf(built.entry)).toEqual([])
  })
})
