import { chmod, readFile } from 'node:fs/promises'
import path from 'node:path'
import { DTYPES, type DType, isPlatformError, type NamedTensors, type Tensor } from '@understudy/core'
import {
  endlessModel,
  endlessOnNanModel,
  externalLinearModel,
  hungryLoadModel,
  hungryModel,
  identityModel,
  linearModel,
  OnnxBuilder,
  slowLoadModel,
  waitFor,
} from '@understudy/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ExecutorClient } from '../src/process/executor-client.ts'
import type { ExecutorOptions } from '../src/process/executor-options.ts'
import { probeSpawnTools, type SpawnTools } from '../src/process/probe-spawn-tools.ts'
import { type BuiltExecutor, buildExecutor } from './support/executor-entry.ts'
import { floats, runInProcess } from './support/in-process.ts'
import { ModelFolder } from './support/model-folder.ts'
import { isRunning, processorTicks } from './support/processes.ts'

const MEMORY_LIMIT_BYTES = 512 * 1024 * 1024
const X: NamedTensors = new Map([['x', floats([1, 4], 1, 2, 3, 4)]])

let built: BuiltExecutor
let folder: ModelFolder
let tools: SpawnTools
const started: ExecutorClient[] = []

beforeAll(async () => {
  ;[built, folder, tools] = await Promise.all([buildExecutor(), ModelFolder.create(), probeSpawnTools()])
})
afterEach(async () => {
  for (const client of started.splice(0)) {
    client.kill()
    await client.exited
  }
})
afterAll(async () => {
  await Promise.all([built?.remove(), folder?.remove()])
})

async function start(options: Partial<ExecutorOptions> = {}): Promise<ExecutorClient> {
  const client = await ExecutorClient.start({ entry: built.entry, tools, ...options })
  started.push(client)
  return client
}

async function startWith(model: Uint8Array, options: Partial<ExecutorOptions> = {}): Promise<ExecutorClient> {
  const client = await start(options)
  const modelPath = await folder.write(`model-${client.pid}.onnx`, model)
  await client.load({ path: modelPath, intraOpThreads: 1, limitMs: 30_000 })
  return client
}

async function failureOf(promise: Promise<unknown>) {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (reason) => reason,
  )
  if (!isPlatformError(error)) throw error
  return error
}

/** Waits until the main thread of the executor is busy in native code. */
async function untilBusy(client: ExecutorClient): Promise<void> {
  const before = await processorTicks(client.pid)
  await waitFor('the executor to be busy', async () => (await processorTicks(client.pid)) > before + 10)
}

describe('an executor', () => {
  const sample: Record<DType, Tensor['data']> = {
    float32: Float32Array.of(1.5, -0, Number.NaN, Number.POSITIVE_INFINITY),
    float64: Float64Array.of(1e300, -1, 0, Number.MIN_VALUE),
    float16: Uint16Array.of(0x3c00, 0xc000, 0x7c00, 1),
    int8: Int8Array.of(-128, 127, 0, 1),
    int16: Int16Array.of(-32_768, 32_767, 0, 1),
    int32: Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 0, 1),
    int64: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, 0n, 1n),
    uint8: Uint8Array.of(255, 0, 1, 2),
    uint16: Uint16Array.of(65_535, 0, 1, 2),
    uint32: Uint32Array.of(2 ** 32 - 1, 0, 1, 2),
    uint64: BigUint64Array.of(2n ** 64n - 1n, 0n, 1n, 2n),
    bool: Uint8Array.of(1, 0, 0, 1),
    string: ['', 'größe', '日本語', 'a'.repeat(100_000)],
  }

  it.each(DTYPES)('answers %s as a run in the same process does', async (dtype) => {
    const inputs: NamedTensors = new Map([['x', { dtype, shape: [2, 2], data: sample[dtype] }]])
    const client = await startWith(identityModel(dtype))
    const { outputs } = await client.run(inputs, 10_000)
    const modelPath = path.join(folder.directory, `model-${client.pid}.onnx`)
    expect(outputs).toEqual(await runInProcess(modelPath, inputs))
    expect(outputs.get('y')).toEqual(inputs.get('x'))
  })

  it('answers many parallel runs of all sizes, each with its own answer', async () => {
    const client = await startWith(identityModel('float32', 2))
    const sizes = [1, 3, 100_000, 2, 7, 50_001, 0, 5]
    const answers = await Promise.all(
      sizes.map(async (rows) => {
        const data = new Float32Array(rows * 2).fill(rows)
        return (await client.run(new Map([['x', { dtype: 'float32', shape: [rows, 2], data }]]), 10_000))
          .outputs
      }),
    )
    answers.forEach((outputs, i) => {
      const y = outputs.get('y')
      expect(y?.shape).toEqual([sizes[i], 2])
      expect(new Set<unknown>(y?.data as Float32Array)).toEqual(new Set(sizes[i] === 0 ? [] : [sizes[i]]))
    })
  })

  it('tells the signature with symbolic dimensions', async () => {
    const client = await start()
    const modelPath = await folder.write('linear.onnx', linearModel())
    const { signature, loadMs } = await client.load({ path: modelPath, intraOpThreads: 1, limitMs: 30_000 })
    expect(signature).toEqual({
      inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 4] }],
      outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 3] }],
    })
    expect(loadMs).toBeGreaterThan(0)
  })

  it('reads external data beside the model', async () => {
    const { model, weights } = externalLinearModel('weights.bin', { inputs: 4, outputs: 2 })
    await folder.write('weights.bin', weights)
    const client = await startWith(model)
    expect((await client.run(X, 10_000)).outputs.get('y')?.shape).toEqual([1, 2])
  })

  it('goes on after a run that failed, and names what failed without paths of the node', async () => {
    const client = await startWith(linearModel())
    const wrong = new Map([['x', floats([1, 5], 1, 2, 3, 4, 5)]])
    expect((await failureOf(client.run(wrong, 10_000))).code).toBe('onnx.run_failed')
    expect((await client.run(X, 10_000)).outputs.size).toBe(1)
    const other = await start()
    const bad = await folder.write('bad.onnx', new OnnxBuilder().build())
    const failure = await failureOf(other.load({ path: bad, intraOpThreads: 1, limitMs: 30_000 }))
    expect(failure.code).toBe('onnx.load_failed')
    expect(failure.message).not.toContain(folder.directory)
  })

  it('frees its model and loads another', async () => {
    const client = await startWith(linearModel())
    await client.unload()
    await client.ping()
    expect((await failureOf(client.run(X, 10_000))).code).toBe('onnx.run_failed')
    const modelPath = await folder.write('second.onnx', identityModel('float32', 4))
    await client.load({ path: modelPath, intraOpThreads: 1, limitMs: 30_000 })
    expect((await client.run(X, 10_000)).outputs.get('y')).toEqual(X.get('x'))
  })

  it('refuses an answer larger than a frame and goes on', async () => {
    const model = new OnnxBuilder()
      .input('x', 'float32', ['N', 4])
      .output('y', 'float32', ['N', 4])
      .initializer('times', { dtype: 'int64', shape: [2], data: BigInt64Array.of(100_000n, 1n) })
      .node('Tile', [['x', 'times'], ['y']])
    const client = await startWith(model.build(), { maxFrameBytes: 1024 * 1024 })
    const failure = await failureOf(client.run(X, 10_000))
    expect(failure).toMatchObject({ code: 'onnx.run_failed' })
    expect(failure.message).toContain('too large')
    await client.ping()
  })

  it('answers what was asked before it was closed, and ends by itself', async () => {
    const client = await startWith(linearModel())
    const run = client.run(X, 10_000)
    await client.close()
    expect((await run).outputs.size).toBe(1)
    expect(await client.exited).toMatchObject({ code: 0, signal: null })
    expect((await failureOf(client.run(X, 10_000))).code).toBe('serving.executor_lost')
  })
})

describe('protection', () => {
  it('gives the executor an environment of two library settings and nothing of its parent', async () => {
    const client = await start()
    const environment = await readFile(`/proc/${client.pid}/environ`, 'latin1')
    expect(environment.split('\0').filter(Boolean).sort()).toEqual([
      'MALLOC_TRIM_THRESHOLD_=131072',
      'ORT_DISABLE_TELEMETRY=1',
    ])
  })

  it('never runs a model as root', async () => {
    const client = await startWith(linearModel())
    const status = await readFile(`/proc/${client.pid}/status`, 'utf8')
    const uids = /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split('\t')
    const groups = /^Groups:[ \t]*(.*)$/m.exec(status)?.[1]?.trim()
    expect(uids).not.toContain('0')
    if (process.getuid?.() === 0) {
      expect(client.protections.ownUser).toEqual({ uid: 64_042, gid: 64_042 })
      expect(uids).toEqual(['64042', '64042', '64042', '64042'])
      expect(groups).toBe('')
    }
  })

  it('starts below a folder that only its parent may enter', async () => {
    const closed = path.dirname(path.dirname(built.entry))
    await chmod(closed, 0o700)
    const client = await startWith(linearModel())
    expect((await client.run(X, 10_000)).outputs.size).toBe(1)
  })

  it('takes the network away where the machine permits it, and reports what is in force', async () => {
    const client = await start({ memoryLimitBytes: MEMORY_LIMIT_BYTES })
    const { protections } = client
    expect(protections.noNetwork).toBe(tools.unshare !== undefined)
    expect(protections.noFiles).toBe(tools.prlimit !== undefined)
    expect(protections.memoryBound).toBe(tools.prlimit ? 'rlimit' : 'watchdog')
    if (tools.unshare) {
      const interfaces = await readFile(`/proc/${client.pid}/net/dev`, 'utf8')
      expect(interfaces.match(/^\s*\w+:/gm)?.map((line) => line.trim())).toEqual(['lo:'])
    }
    if (tools.prlimit) {
      const bounds = await readFile(`/proc/${client.pid}/limits`, 'utf8')
      expect(bounds).toMatch(new RegExp(`Max data size\\s+${MEMORY_LIMIT_BYTES + tools.reservedBytes} `))
      expect(bounds).toMatch(/Max file size\s+0/)
    }
  })

  it('says what is missing when no executor can be started', async () => {
    const missing = start({ entry: '/does/not/exist.mjs' })
    const failure = await failureOf(missing)
    expect(failure.code).toBe('onnx.executor_unavailable')
    expect(failure.message).toContain('exist.mjs')
  })
})

describe('a run that does harm', () => {
  it('ends the process when it never ends, and is told from those that waited behind it', async () => {
    const client = await startWith(endlessOnNanModel())
    const nan = client.run(new Map([['x', floats([1, 4], Number.NaN, 0, 0, 0)]]), 300)
    const behind = client.run(X, 300)
    const [first, second] = await Promise.all([failureOf(nan), failureOf(behind)])
    expect(first).toMatchObject({ code: 'serving.run_timeout', details: { wasRunning: true } })
    expect(second).toMatchObject({ code: 'serving.executor_lost', details: { wasRunning: false } })
    expect(await client.exited).toMatchObject({ signal: 'SIGKILL', lastWord: 'runTimeout' })
    expect(await isRunning(client.pid)).toBe(false)
    expect(client.pendingCount).toBe(0)
  })

  it('fails when it wants more memory than it may have; the parent stays well', async () => {
    const client = await startWith(hungryModel(64), { memoryLimitBytes: MEMORY_LIMIT_BYTES })
    const failure = await failureOf(client.run(new Map([['x', floats([1, 1], 1)]]), 10_000))
    expect(failure.code).toBe('onnx.memory_limit')
  })

  it('is ended by the watchdog when the machine has no limits of its own', async () => {
    const options = { memoryLimitBytes: MEMORY_LIMIT_BYTES, tools: undefined }
    const client = await startWith(hungryModel(2), options)
    const failure = await failureOf(client.run(new Map([['x', floats([1, 1], 1)]]), 30_000))
    expect(failure.code).toBe('onnx.memory_limit')
    expect(await client.exited).toMatchObject({ signal: 'SIGKILL', lastWord: 'memory' })
  })
})

describe('a load that does harm', () => {
  async function loadOf(model: Uint8Array, limitMs = 30_000) {
    const client = await start({ memoryLimitBytes: MEMORY_LIMIT_BYTES })
    const modelPath = await folder.write(`load-${client.pid}.onnx`, model)
    return { client, load: failureOf(client.load({ path: modelPath, intraOpThreads: 1, limitMs })) }
  }

  it('is ended when it never ends', async () => {
    const { client, load } = await loadOf(slowLoadModel(), 500)
    expect((await load).code).toBe('onnx.load_timeout')
    expect(await isRunning(client.pid)).toBe(false)
  })

  it('fails when it eats memory', async () => {
    const { model, weightsBytes } = hungryLoadModel('huge.bin', 1)
    await folder.writeHole('huge.bin', weightsBytes)
    const { load } = await loadOf(model)
    expect((await load).code).toBe('onnx.memory_limit')
  })

  it('is a crash when the process dies', async () => {
    const { client, load } = await loadOf(slowLoadModel())
    await untilBusy(client)
    process.kill(client.pid, 'SIGSEGV')
    const failure = await load
    expect(failure.code).toBe('onnx.load_crashed')
    expect(failure.message).toContain('SIGSEGV')
  })
})

describe('kill -9 of an executor', () => {
  it('rejects every call in flight as lost', async () => {
    const client = await startWith(endlessModel())
    const runs = Array.from({ length: 5 }, () => failureOf(client.run(X, 600_000)))
    await untilBusy(client)
    process.kill(client.pid, 'SIGKILL')
    const codes = (await Promise.all(runs)).map(({ code }) => code)
    expect(codes).toEqual(Array(5).fill('serving.executor_lost'))
    expect(client.isAlive).toBe(false)
  })
})
