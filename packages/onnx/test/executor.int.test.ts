import { symlink } from 'node:fs/promises'
import path from 'node:path'
import type { NamedTensors } from '@understudy/core'
import {
  endlessModel,
  externalLinearModel,
  hugeAnswerModel,
  identityModel,
  linearModel,
  OnnxBuilder,
} from '@understudy/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ExecutorRig, failureOf, untilBusy } from './support/executor-rig.ts'
import { floats, runInProcess } from './support/in-process.ts'

const X: NamedTensors = new Map([['x', floats([1, 4], 1, 2, 3, 4)]])
const ONE: NamedTensors = new Map([['x', floats([1, 1], 1)]])

let rig: ExecutorRig
beforeAll(async () => {
  rig = await ExecutorRig.create()
})
afterEach(() => rig.endStarted())
afterAll(() => rig?.remove())

describe('an executor', () => {
  it('answers many parallel runs of all sizes, each with its own answer', async () => {
    const served = await rig.startWith(identityModel('float32', 2))
    const sizes = [1, 3, 100_000, 2, 7, 50_001, 0, 5]
    const answers = await Promise.all(
      sizes.map(async (rows) => {
        const data = new Float32Array(rows * 2).fill(rows)
        return (await served.run(new Map([['x', { dtype: 'float32', shape: [rows, 2], data }]]))).outputs
      }),
    )
    answers.forEach((outputs, i) => {
      const y = outputs.get('y')
      expect(y?.shape).toEqual([sizes[i], 2])
      expect(new Set<unknown>(y?.data as Float32Array)).toEqual(new Set(sizes[i] === 0 ? [] : [sizes[i]]))
    })
  })

  it('tells the signature with symbolic dimensions', async () => {
    const { signature, loadMs } = await rig.startWith(linearModel())
    expect(signature).toEqual({
      inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 4] }],
      outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 3] }],
    })
    expect(loadMs).toBeGreaterThan(0)
  })

  it('goes on after a run that failed', async () => {
    const served = await rig.startWith(linearModel())
    const wrong = new Map([['x', floats([1, 5], 1, 2, 3, 4, 5)]])
    expect((await failureOf(served.run(wrong))).code).toBe('onnx.run_failed')
    expect((await served.run(X)).outputs.size).toBe(1)
  })

  it('names what failed without paths of the node', async () => {
    const client = await rig.start()
    const { model } = externalLinearModel('absent.bin', { inputs: 4, outputs: 2 })
    for (const bad of [new OnnxBuilder().build(), model]) {
      const failure = await failureOf(rig.load(client, bad))
      expect(failure.code).toBe('onnx.load_failed')
      expect(failure.message).not.toContain(rig.folder.directory)
    }
    const link = path.join(rig.folder.directory, 'link')
    await symlink(rig.folder.directory, link)
    const linked = path.join(link, path.basename(await rig.folder.write('linked.onnx', model)))
    const load = client.load({ path: linked, form: 'mapped', intraOpThreads: 1, limitMs: 30_000 })
    expect((await failureOf(load)).message).not.toContain(rig.folder.directory)
  })

  it('answers what was asked before it was closed, and ends by itself', async () => {
    const served = await rig.startWith(linearModel())
    const run = served.run(X)
    await served.client.close()
    expect((await run).outputs.size).toBe(1)
    expect(await served.client.exited).toMatchObject({ code: 0, signal: null })
    expect((await failureOf(served.run(X))).code).toBe('serving.executor_lost')
  })

  it('that is ended by its owner blames no call for it', async () => {
    const served = await rig.startWith(endlessModel())
    const runs = [served.run(X), served.run(X)].map(failureOf)
    await untilBusy(served.client)
    served.client.kill()
    for (const failure of await Promise.all(runs)) expect(failure.code).toBe('serving.executor_lost')
  })
})

describe('several models in one executor', () => {
  it('answer each for itself, also in parallel', async () => {
    const client = await rig.start()
    const served = []
    for (const seed of [1, 2, 3]) served.push(await rig.load(client, linearModel({ seed })))
    expect(new Set(served.map(({ model }) => model)).size).toBe(3)
    const answers = await Promise.all(served.map((one) => one.run(X)))
    for (const [i, { modelPath }] of served.entries()) {
      expect(answers[i]?.outputs).toEqual(await runInProcess(modelPath, X))
    }
  })

  it('are not hurt by a load beside them that fails', async () => {
    const served = await rig.startWith(linearModel())
    const bad = failureOf(rig.load(served.client, new OnnxBuilder().build()))
    const run = served.run(X)
    expect((await bad).code).toBe('onnx.load_failed')
    expect((await run).outputs.size).toBe(1)
  })

  it('leave one by one, and a number is never used twice', async () => {
    const client = await rig.start()
    const first = await rig.load(client, linearModel())
    const second = await rig.load(client, identityModel('float32', 4))
    await client.unload(first.model)
    const failure = await failureOf(first.run(X))
    expect(failure.code).toBe('onnx.run_failed')
    expect((await second.run(X)).outputs.get('y')).toEqual(X.get('x'))
    const third = await rig.load(client, linearModel())
    expect([first.model, second.model]).not.toContain(third.model)
    await client.ping()
  })

  it('may have different forms of the same weights, with the same answers', async () => {
    const { model, weights } = externalLinearModel('weights.bin', { inputs: 4, outputs: 2 })
    await rig.folder.write('weights.bin', weights)
    const client = await rig.start()
    const mapped = await rig.load(client, model, { form: 'mapped' })
    const prepacked = await rig.load(client, model, { form: 'prepacked' })
    const [a, b] = await Promise.all([mapped.run(X), prepacked.run(X)])
    const numbers = (outputs: NamedTensors) => [...((outputs.get('y')?.data ?? []) as Float32Array)]
    expect(numbers(a.outputs)).toHaveLength(2)
    numbers(a.outputs).forEach((value, i) => {
      expect(value).toBeCloseTo(numbers(b.outputs)[i] ?? Number.NaN, 5)
    })
  })
})

describe('an answer', () => {
  it('over maxResponseBytes is refused in the executor, with its size, and the executor goes on', async () => {
    const served = await rig.startWith(hugeAnswerModel(8), { maxResponseBytes: 4 * 2 ** 20 })
    const failure = await failureOf(served.run(ONE))
    expect(failure.code).toBe('onnx.run_failed')
    expect(failure.message).toMatch(/8 MiB.*at most 4 MiB.*maxResponseBytes/)
    await served.client.ping()
  })

  it('of 64 gigabytes from four bytes harms neither its executor nor its parent', async () => {
    const served = await rig.startWith(hugeAnswerModel(64 * 1_024), { memoryLimitBytes: 512 * 2 ** 20 })
    const before = process.memoryUsage.rss()
    const failure = await failureOf(served.run(ONE))
    expect(failure.code).toBe('onnx.run_failed')
    expect(process.memoryUsage.rss() - before).toBeLessThan(256 * 2 ** 20)
    await served.client.ping()
  })

  it('larger than a frame is refused even where the limit of answers is higher', async () => {
    const served = await rig.startWith(hugeAnswerModel(2), { maxFrameBytes: 2 ** 20 })
    const failure = await failureOf(served.run(ONE))
    expect(failure.code).toBe('onnx.run_failed')
    expect(failure.message).toContain('too large')
    await served.client.ping()
  })
})
