import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { isPlatformError } from '@understudy/core'
import {
  batchDependentModel,
  endlessModel,
  externalLinearModel,
  fixedBatchModel,
  hungryLoadModel,
  hungryModel,
  identityModel,
  linearModel,
  OnnxBuilder,
  slowLoadModel,
  waitFor,
} from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GoldenFile } from '../src/golden/golden-file.ts'
import { probeSpawnTools, type SpawnTools } from '../src/process/probe-spawn-tools.ts'
import type { QuarantineOptions } from '../src/quarantine/quarantine-options.ts'
import { runQuarantine } from '../src/quarantine/run-quarantine.ts'
import { type BuiltExecutor, buildExecutor } from './support/executor-entry.ts'
import { ModelFolder } from './support/model-folder.ts'
import { processesOf, processorTicks } from './support/processes.ts'

const TEMPLATE = new URL('../../../models-repo-template/', import.meta.url)
const runtime = { intraOpThreads: 1, runTimeoutMs: 1_000 }

let built: BuiltExecutor
let folder: ModelFolder
let tools: SpawnTools
let counter = 0

beforeAll(async () => {
  ;[built, folder, tools] = await Promise.all([buildExecutor(), ModelFolder.create(), probeSpawnTools()])
})
afterAll(async () => {
  await Promise.all([built?.remove(), folder?.remove()])
})

async function quarantine(model: Uint8Array | string, options: Partial<QuarantineOptions> = {}) {
  counter += 1
  const modelPath = await folder.write(`model-${counter}.onnx`, model)
  const report = await runQuarantine({
    modelPath,
    golden: [],
    runtime,
    executor: { entry: built.entry, tools },
    ...options,
  })
  expect(await processesOf(built.entry)).toEqual([])
  return report
}

async function reasonsOf(model: Uint8Array | string, options: Partial<QuarantineOptions> = {}) {
  const report = await quarantine(model, options)
  return report.ok ? ['accepted'] : report.reasons.map(({ code, message }) => `${code}: ${message}`)
}

function golden(inputs: object, outputs: object, tolerance?: object): GoldenFile {
  return {
    path: 'samples.json',
    content: JSON.stringify({ request: { inputs }, response: { outputs }, tolerance }),
  }
}

describe('a good model', () => {
  it.each(['models/iris/1', 'models/digits/1', 'next/iris/2', 'next/digits/2'])(
    '%s passes with its golden samples',
    async (directory) => {
      const at = (name: string) => readFile(fileURLToPath(new URL(`${directory}/${name}`, TEMPLATE)))
      const files = await Promise.all(
        ['golden/samples.json', 'golden/rows.json'].map(async (path) => ({
          path,
          content: String(await at(path)),
        })),
      )
      const report = await quarantine(await at('model.onnx'), { golden: files })
      expect(report).toMatchObject({ ok: true, batchable: true })
      if (!report.ok) return
      expect(report.signature.outputs.map(({ name }) => name).sort()).toEqual(['label', 'probabilities'])
      expect(report.comparisons).toEqual({
        label: { compare: { kind: 'equal' }, gate: true },
        probabilities: { compare: { kind: 'argmax' }, gate: true },
      })
      expect(report.loadMs).toBeGreaterThan(0)
      expect(report.memoryBytes).toBeGreaterThan(30 * 1024 * 1024)
    },
  )

  it('with external data passes', async () => {
    const { model, weights } = externalLinearModel('w.bin', { inputs: 4, outputs: 2 })
    await folder.write('w.bin', weights)
    expect(await quarantine(model)).toMatchObject({ ok: true, batchable: true })
  })

  it('without golden samples is tried with made-up inputs', async () => {
    expect(await quarantine(linearModel())).toMatchObject({ ok: true, batchable: true })
  })

  it('whose rows depend on each other is accepted, and not batched', async () => {
    expect(await quarantine(batchDependentModel())).toMatchObject({ ok: true, batchable: false })
  })

  it('that takes one row only is accepted, and not batched', async () => {
    expect(await quarantine(fixedBatchModel())).toMatchObject({ ok: true, batchable: false })
  })

  it('of texts alone proves its batch axis with different texts', async () => {
    expect(await quarantine(identityModel('string'))).toMatchObject({ ok: true, batchable: true })
  })

  it('that refuses made-up inputs is accepted, and not batched', async () => {
    const model = new OnnxBuilder()
      .input('x', 'float32', ['N', 4])
      .output('y', 'float32', ['N', 4])
      .initializer('shape', { dtype: 'int64', shape: [2], data: BigInt64Array.of(7n, 13n) })
      .node('Reshape', [['x', 'shape'], ['z']])
      .node('Identity', [['z'], ['y']])
    expect(await quarantine(model.build())).toMatchObject({ ok: true, batchable: false })
  })
})

describe('a bad model is reported, never thrown', () => {
  const limits = { memoryLimitBytes: 512 * 1024 * 1024, loadTimeoutMs: 1_500 }

  it('of 0 bytes', async () => {
    expect((await reasonsOf(''))[0]).toMatch(/^onnx\.not_a_model: .*0 bytes/)
  })

  it('that is a text file', async () => {
    expect((await reasonsOf('not a model at all\n'))[0]).toMatch(/^onnx\.not_a_model: .*text file/)
  })

  it('that was cut off', async () => {
    const whole = linearModel({ inputs: 100 })
    expect((await reasonsOf(whole.subarray(0, whole.length - 100)))[0]).toMatch(/^onnx\.not_a_model: /)
  })

  it('of an unknown operator', async () => {
    const model = new OnnxBuilder()
      .input('x', 'float32', [1])
      .output('y', 'float32', [1])
      .node('NoSuchOperator', [['x'], ['y']])
    expect((await reasonsOf(model.build()))[0]).toMatch(/^onnx\.load_failed: .*NoSuchOperator/)
  })

  it('whose external data is missing', async () => {
    const { model } = externalLinearModel('absent.bin', { inputs: 4, outputs: 2 })
    expect((await reasonsOf(model))[0]).toMatch(/^onnx\.load_failed: /)
  })

  it('that never finishes loading', async () => {
    expect((await reasonsOf(slowLoadModel(), { limits }))[0]).toMatch(/^onnx\.load_timeout: /)
  })

  it('that eats memory while it loads', async () => {
    const { model, weightsBytes } = hungryLoadModel('huge.bin', 1)
    await folder.writeHole('huge.bin', weightsBytes)
    const generous = { ...limits, loadTimeoutMs: 30_000 }
    expect((await reasonsOf(model, { limits: generous }))[0]).toMatch(/^onnx\.memory_limit: /)
  })

  it('that eats memory when it runs', async () => {
    const sample = golden({ x: [[1]] }, { y: [[1]] })
    expect((await reasonsOf(hungryModel(64), { limits, golden: [sample] }))[0]).toMatch(
      /^onnx\.memory_limit: /,
    )
  })

  it('that never answers, with or without golden samples', async () => {
    const sample = golden({ x: [[1, 2, 3, 4]] }, { y: [[1, 2, 3, 4]] })
    for (const files of [[sample], []]) {
      expect((await reasonsOf(endlessModel(), { golden: files }))[0]).toMatch(/^serving\.run_timeout: /)
    }
  })

  it('that takes too long in all', async () => {
    const patient = { limits: { loadTimeoutMs: 60_000, totalTimeoutMs: 1_000 } }
    expect((await reasonsOf(slowLoadModel(), patient))[0]).toMatch(/^onnx\.load_timeout: .*1000 ms/)
  })

  it('that kills its process', async () => {
    const report = reasonsOf(slowLoadModel())
    const pid = await waitFor('the process to load', async () => {
      for (const candidate of await processesOf(built.entry)) {
        if ((await processorTicks(candidate)) > 60) return candidate
      }
      return undefined
    })
    process.kill(pid, 'SIGSEGV')
    expect((await report)[0]).toMatch(/^onnx\.load_crashed: .*SIGSEGV/)
  })

  it('whose golden samples fail, each named with what was expected', async () => {
    const good = golden({ x: [[1, 0]] }, { y: [[1, 0]] })
    const wrong = golden(
      {
        x: [
          [0, 0],
          [0, 0],
          [0, 0.31],
        ],
      },
      {
        y: [
          [0, 0],
          [0, 0],
          [0, 0.94],
        ],
      },
      { atol: 0.01, rtol: 0 },
    )
    const unreadable = { path: 'broken.json', content: '{' }
    const reasons = await reasonsOf(identityModel('float32', 2), { golden: [good, wrong, unreadable] })
    expect(reasons).toEqual([
      'onnx.golden_mismatch: golden sample samples.json row 2: "y" is 0.31, expected 0.94 ± 0.01 (element 1 of the row)',
      expect.stringContaining('onnx.golden_mismatch: golden sample broken.json: not JSON'),
    ])
  })
})

describe('a fault of the platform is thrown', () => {
  it('when no process can be started', async () => {
    const broken = quarantine(linearModel(), { executor: { entry: '/does/not/exist.mjs' } })
    const code = await broken.catch((error) => (isPlatformError(error) ? error.code : error))
    expect(code).toBe('onnx.executor_unavailable')
  })

  it('when it is given up', async () => {
    const giveUp = new AbortController()
    const report = quarantine(slowLoadModel(), { signal: giveUp.signal })
    const code = report.catch((error) => (isPlatformError(error) ? error.code : error))
    await waitFor('the process', async () => (await processesOf(built.entry)).length > 0)
    giveUp.abort()
    expect(await code).toBe('serving.cancelled')
  })
})
