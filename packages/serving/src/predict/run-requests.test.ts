import { PlatformError, type Tensor } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { FakeModel, rowsOfX, valuesOfY } from '../test-support/fake-model.ts'
import { failedRun, runRequests, stackInputs } from './run-requests.ts'

function requests(...values: readonly (readonly number[])[]) {
  return values.map((rows) => ({
    inputs: rowsOfX(...rows.map((value) => [value, 0] as const)),
    rows: rows.length,
  }))
}

describe('stackInputs', () => {
  it('stacks by name in order, whatever the order of names in later requests', () => {
    const a: Tensor = { dtype: 'string', shape: [1], data: ['a'] }
    const b: Tensor = { dtype: 'int64', shape: [1, 1], data: BigInt64Array.of(1n) }
    const first = {
      rows: 1,
      inputs: new Map([
        ['a', a],
        ['b', b],
      ]),
    }
    const second = {
      rows: 1,
      inputs: new Map([
        ['b', b],
        ['a', a],
      ]),
    }
    const stacked = stackInputs([first, second])
    expect([...stacked]).toEqual([
      ['a', { dtype: 'string', shape: [2], data: ['a', 'a'] }],
      ['b', { dtype: 'int64', shape: [2, 1], data: BigInt64Array.of(1n, 1n) }],
    ])
  })

  it('copies nothing for one request', () => {
    const [only] = requests([1])
    expect(only && stackInputs([only])).toBe(only?.inputs)
  })

  it('stacks nothing to nothing', () => {
    expect(stackInputs([]).size).toBe(0)
  })
})

describe('runRequests', () => {
  async function answers(model: FakeModel, ...values: readonly (readonly number[])[]) {
    const all = requests(...values)
    const run = await runRequests(model, all, stackInputs(all))
    const cut = run
      .answers()
      .map((answer) => ('error' in answer ? answer.error.code : valuesOfY(answer.outputs)))
    return { cut, failed: run.failed }
  }

  it('gives each request its own rows of one run', async () => {
    const model = new FakeModel()
    expect(await answers(model, [1], [2, 3])).toEqual({
      cut: [
        [2, 0],
        [4, 0, 6, 0],
      ],
      failed: 0,
    })
    expect(model.batches).toEqual([3])
  })

  it('isolates the requests that the model fails', async () => {
    const model = new FakeModel()
    expect(await answers(model, [-1], [2], [-3])).toEqual({
      cut: ['onnx.run_failed', [4, 0], 'onnx.run_failed'],
      failed: 2,
    })
    expect(model.batches).toEqual([3, 1, 1, 1])
  })

  it('runs a single failing request once', async () => {
    const model = new FakeModel()
    expect(await answers(model, [-1])).toEqual({ cut: ['onnx.run_failed'], failed: 1 })
    expect(model.batches).toEqual([1])
  })

  it.each(['serving.executor_lost', 'serving.run_timeout'] as const)(
    'fails every request of the run on %s and repeats nothing',
    async (code) => {
      const model = new FakeModel()
      model.error = new PlatformError(code, 'gone')
      expect(await answers(model, [1], [2])).toEqual({ cut: [code, code], failed: 2 })
      expect(model.batches).toEqual([2])
    },
  )

  it('never stacks for a servable without a batch axis, even when it is handed a stack', async () => {
    const model = new FakeModel({ batchable: false })
    expect((await answers(model, [1], [2])).cut).toEqual([
      [2, 0],
      [4, 0],
    ])
    expect(model.batches).toEqual([1, 1])
  })

  it('hands on the output of a request that ran alone as it is', async () => {
    const model = new FakeModel()
    model.dropsRows = true
    expect((await answers(model, [1, 2])).cut).toEqual([[2, 0]])
  })

  it('says of every request why nothing ran', () => {
    const error = new PlatformError('platform.unexpected', 'no memory')
    const run = failedRun(requests([1], [2]), error)
    expect([run.failed, run.answers()]).toEqual([2, [{ error }, { error }]])
  })
})
