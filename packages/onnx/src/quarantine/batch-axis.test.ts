import { type NamedTensors, type Signature, sliceAllRows, type Tensor } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import type { RunModel } from '../golden/check-golden.ts'
import { mayHaveBatchAxis, proveBatchAxis } from './batch-axis.ts'
import { proofRows } from './proof-rows.ts'

const signature: Signature = {
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 2] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 2] }],
}

/** A model made of a function over the rows of `x`. */
function model(answer: (rows: number[][]) => number[][]): RunModel {
  return async (inputs) => {
    const x = inputs.get('x')
    const flat = [...((x?.data ?? []) as Float32Array)]
    const rows = Array.from({ length: x?.shape[0] ?? 0 }, (_, i) => flat.slice(i * 2, i * 2 + 2))
    const out = answer(rows)
    const y: Tensor = { dtype: 'float32', shape: [out.length, 2], data: Float32Array.from(out.flat()) }
    return new Map([['y', y]])
  }
}

const rows = proofRows(signature, []) ?? []
const sum = (list: number[]) => list.reduce((a, b) => a + b, 0)

describe('proveBatchAxis', () => {
  it('is true when each row is answered by itself', async () => {
    expect(
      await proveBatchAxis(
        rows,
        model((all) => all.map(([a = 0, b = 0]) => [a + b, a - b])),
      ),
    ).toBe(true)
  })

  it.each<[string, (all: number[][]) => number[][]]>([
    [
      'depends on the mean of all rows',
      (all) => all.map((row) => row.map((v, k) => v - sum(all.map((r) => r[k] ?? 0)) / all.length)),
    ],
    ['depends on the place of the row', (all) => all.map((row, i) => row.map((v) => v + i))],
    ['depends on the number of rows', (all) => all.map((row) => row.map((v) => v * all.length))],
    ['sorts the rows', (all) => [...all].sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0))],
    ['gives one row for all', (all) => all.slice(0, 1)],
  ])('is false when the answer %s', async (_what, answer) => {
    expect(await proveBatchAxis(rows, model(answer))).toBe(false)
  })

  it('proves nothing with equal rows, which would hide a dependence', async () => {
    const row = rows[0] ?? new Map()
    expect(
      await proveBatchAxis(
        [row, row, row],
        model((all) => all),
      ),
    ).toBe(false)
  })
})

describe('mayHaveBatchAxis', () => {
  it('needs a symbolic first axis on every input and output', () => {
    expect(mayHaveBatchAxis(signature)).toBe(true)
    const scalar = { name: 'threshold', dtype: 'float32', shape: [] } as const
    expect(mayHaveBatchAxis({ ...signature, inputs: [...signature.inputs, scalar] })).toBe(false)
    expect(
      mayHaveBatchAxis({ ...signature, outputs: [{ name: 'y', dtype: 'float32', shape: [1, 2] }] }),
    ).toBe(false)
  })
})

describe('proofRows', () => {
  it('takes rows of golden requests, spread over all of them', () => {
    const data = Float32Array.from({ length: 200 }, (_, i) => i)
    const request: NamedTensors = new Map([['x', { dtype: 'float32', shape: [100, 2], data }]])
    const firsts = proofRows(signature, [request])?.map((row) => row.get('x')?.data[0])
    expect(firsts).toEqual([0, 32, 66, 100, 132, 166])
  })

  it('varies a single golden row, so that something can be proved', () => {
    const all = proofRows(signature, [sliceAllRows(rows[0] ?? new Map(), 0, 1)]) ?? []
    expect(new Set(all.map((row) => row.get('x')?.data[0])).size).toBe(all.length)
  })
})
