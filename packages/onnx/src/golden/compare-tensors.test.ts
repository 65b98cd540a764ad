import type { Tensor } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { firstDifference } from './compare-tensors.ts'

const floats = (...values: number[]): Tensor => ({
  dtype: 'float32',
  shape: [values.length],
  data: Float32Array.from(values),
})
const exact = { atol: 0, rtol: 0 }

describe('firstDifference', () => {
  it('allows atol and rtol together, of the expected value', () => {
    expect(firstDifference(floats(10.05), floats(10), { atol: 0.01, rtol: 0.01 })).toBeUndefined()
    expect(firstDifference(floats(10.2), floats(10), { atol: 0.01, rtol: 0.01 })).toMatchObject({ index: 0 })
  })

  it('takes NaN for equal to NaN and to nothing else, and infinity only for itself', () => {
    const [nan, inf] = [Number.NaN, Number.POSITIVE_INFINITY]
    expect(firstDifference(floats(nan, inf), floats(nan, inf), exact)).toBeUndefined()
    expect(firstDifference(floats(1), floats(nan), { atol: 9, rtol: 9 })).toBeDefined()
    expect(firstDifference(floats(1), floats(inf), { atol: 9, rtol: 9 })).toBeDefined()
    expect(firstDifference(floats(nan), floats(1), { atol: 9, rtol: 9 })).toBeDefined()
  })

  it('allows integers and texts no distance', () => {
    const ints = (value: bigint): Tensor => ({ dtype: 'int64', shape: [1], data: BigInt64Array.of(value) })
    const text = (value: string): Tensor => ({ dtype: 'string', shape: [1], data: [value] })
    expect(firstDifference(ints(1n), ints(2n), { atol: 9, rtol: 9 })).toMatchObject({ allowed: 0 })
    expect(firstDifference(text('a'), text('b'), { atol: 9, rtol: 9 })).toMatchObject({ actual: 'a' })
  })

  it('compares half-precision numbers by their value', () => {
    const half = (bits: number): Tensor => ({ dtype: 'float16', shape: [1], data: Uint16Array.of(bits) })
    expect(firstDifference(half(0x3c01), half(0x3c00), { atol: 0.01, rtol: 0 })).toBeUndefined()
  })

  it('names type and shape when they differ', () => {
    expect(firstDifference(floats(1, 2), floats(1), exact)).toEqual({
      kind: 'form',
      actual: 'float32 [2]',
      expected: 'float32 [1]',
    })
  })
})
