import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RowCutter, rowCount, sliceAllRows, sliceRows, stackRows } from './rows.ts'
import {
  allocateData,
  DTYPES,
  type DType,
  elementCount,
  type NumericDType,
  type Tensor,
  type TensorData,
} from './tensor.ts'

/** A tensor whose elements all differ, as far as the type can tell them apart. */
function counting(dtype: DType, shape: readonly number[]): Tensor {
  const data = allocateData(dtype, elementCount(shape))
  const write = data as Record<number, unknown>
  for (let i = 0; i < data.length; i++) {
    write[i] = dtype === 'string' ? `#${i}` : dtype.endsWith('int64') ? BigInt(i + 1) : (i % 127) + 1
  }
  return { dtype, shape, data }
}

function garbage(dtype: NumericDType, length: number): TensorData {
  const data = allocateData(dtype, length) as Uint8Array
  new Uint8Array(data.buffer).fill(0xaa)
  return data
}

const trailing = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 })
const rows = fc.integer({ min: 0, max: 6 })

describe.each(DTYPES)('rows of %s', (dtype) => {
  it('are the same after they were cut apart anywhere and stacked', () => {
    fc.assert(
      fc.property(rows, trailing, fc.array(fc.nat(6), { maxLength: 3 }), (count, rest, cuts) => {
        const tensor = counting(dtype, [count, ...rest])
        const at = [0, ...cuts.map((cut) => Math.min(cut, count)).sort((a, b) => a - b), count]
        const parts = at.slice(1).map((to, i) => sliceRows(tensor, at[i] ?? 0, to))
        const stacked = stackRows(parts)
        // Also in memory that holds something else: all of it is written.
        expect(stackRows(parts, garbage).data).toEqual(stacked.data)
        expect(stacked).toEqual(tensor)
        expect(stacked.data.constructor).toBe(tensor.data.constructor)
      }),
      { numRuns: 50 },
    )
  })

  it('are copies: writing into a slice does not write into its source', () => {
    const tensor = counting(dtype, [2, 2])
    const [slice, stacked] = [sliceRows(tensor, 0, 1), stackRows([tensor, tensor])]
    const blank = allocateData(dtype, 1)[0]
    for (const copy of [slice, stacked]) (copy.data as Record<number, unknown>)[0] = blank
    expect(tensor).toEqual(counting(dtype, [2, 2]))
  })
})

describe('sliceRows', () => {
  it('keeps the trailing axes and takes whole rows', () => {
    const data: TensorData = Float32Array.of(1, 2, 3, 4, 5, 6)
    expect(sliceRows({ dtype: 'float32', shape: [3, 2], data }, 1, 3)).toEqual({
      dtype: 'float32',
      shape: [2, 2],
      data: Float32Array.of(3, 4, 5, 6),
    })
  })

  it('cuts a view of a larger buffer by elements, not by bytes of the buffer', () => {
    const whole = Float64Array.of(9, 1, 2, 9)
    const view = whole.subarray(1, 3)
    expect(sliceRows({ dtype: 'float64', shape: [2], data: view }, 1, 2).data).toEqual(Float64Array.of(2))
  })
})

describe('stackRows of parts of one memory', () => {
  const memory = Float64Array.from({ length: 200 }, (_, index) => index)
  const part = (from: number, to: number): Tensor => ({
    ...{ dtype: 'float64', shape: [to - from], data: memory.subarray(from, to) },
  })
  const stackOf = (...parts: readonly Tensor[]) => stackRows(parts).data as Float64Array

  it('is a view of them where each lies right behind the one before', () => {
    const stack = stackOf(part(10, 40), part(40, 41), part(41, 100))
    expect(stack).toEqual(memory.slice(10, 100))
    expect(stack.buffer).toBe(memory.buffer)
  })

  it.each([
    ['there is a gap', [part(0, 50), part(51, 100)]],
    ['they overlap', [part(0, 50), part(49, 100)]],
    ['one stands twice', [part(0, 50), part(0, 50)]],
    ['they are in another order', [part(50, 100), part(0, 50)]],
    ['they lie in another memory', [part(0, 50), { ...part(50, 100), data: memory.slice(50, 100) }]],
  ] as const)('is a copy where %s', (_why, parts) => {
    const stack = stackOf(...parts)
    expect([...stack]).toEqual(parts.flatMap(({ data }) => [...(data as Float64Array)]))
    expect(stack.buffer).not.toBe(memory.buffer)
  })
})

it('stackRows of one tensor is that tensor, and of none an error', () => {
  const tensor = counting('int8', [2])
  expect(stackRows([tensor])).toBe(tensor)
  expect(() => stackRows([])).toThrow(TypeError)
})

it('rowCount is undefined for a scalar', () => {
  expect(rowCount(counting('bool', []))).toBeUndefined()
  expect(rowCount(counting('bool', [4, 2]))).toBe(4)
})

it('sliceAllRows cuts every tensor and keeps their order', () => {
  const tensors = new Map([
    ['b', counting('int32', [3, 2])],
    ['a', counting('string', [3])],
  ])
  const cut = sliceAllRows(tensors, 1, 2)
  expect([...cut.keys()]).toEqual(['b', 'a'])
  expect(cut.get('b')).toEqual({ dtype: 'int32', shape: [1, 2], data: Int32Array.of(3, 4) })
  expect(cut.get('a')).toEqual({ dtype: 'string', shape: [1], data: ['#1'] })
})

it('RowCutter hands out rows in order, as views of the same memory', () => {
  const data = Float32Array.of(1, 2, 3, 4, 5, 6)
  const cutter = new RowCutter({ dtype: 'float32', shape: [3, 2], data })
  const [first, rest] = [cutter.next(1), cutter.next(2)]
  expect([first, rest]).toEqual([
    { dtype: 'float32', shape: [1, 2], data: Float32Array.of(1, 2) },
    { dtype: 'float32', shape: [2, 2], data: Float32Array.of(3, 4, 5, 6) },
  ])
  data[0] = 9
  expect(first.data[0]).toBe(9)
  const texts = new RowCutter({ dtype: 'string', shape: [2], data: ['a', 'b'] })
  expect([texts.next(1).data, texts.next(1).data]).toEqual([['a'], ['b']])
})
