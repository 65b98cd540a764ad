import type { Tensor } from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { alignOutput } from './aligned-output.ts'
import { comparatorOf, type RowComparison } from './comparator-of.ts'
import { float16ToNumber } from './float16.ts'
import { NO_MEASURE } from './row-comparator.ts'

const { NaN: NAN, POSITIVE_INFINITY: INF } = Number
const EQUAL: RowComparison = { kind: 'equal' }
const ARGMAX: RowComparison = { kind: 'argmax' }
const TOLERANCE: RowComparison = { kind: 'tolerance', atol: 0.01, rtol: 0.1 }

function floats(shape: readonly number[], ...values: number[]): Tensor {
  return { dtype: 'float64', shape, data: Float64Array.from(values) }
}

function compare(how: RowComparison, baseline: Tensor, candidate: Tensor, rows = baseline.shape[0] ?? 1) {
  const aligned = alignOutput(how, { baseline, candidate }, rows)
  if (!aligned) return null
  const comparator = comparatorOf(how, baseline.dtype)
  return Array.from({ length: aligned.rows }, (_, row) =>
    comparator.agrees(aligned, row) ? 0 : comparator.magnitude(aligned, row),
  )
}

describe('equal', () => {
  it('judges each row by itself and measures the share of elements that differ', () => {
    const [left, right] = [floats([3, 2], 1, 2, 3, 4, 5, 6), floats([3, 2], 1, 2, 3, 0, 0, 0)]
    expect(compare(EQUAL, left, right)).toEqual([0, 0.5, 1])
  })

  it.each<[number, number, boolean]>([
    [NAN, NAN, true],
    [NAN, 1, false],
    [0, -0, true],
    [INF, INF, true],
    [INF, -INF, false],
  ])('of %d and %d is %s', (left, right, agrees) => {
    expect(compare(EQUAL, floats([1], left), floats([1], right))).toEqual([agrees ? 0 : 1])
  })

  it('compares text', () => {
    const text = (...data: string[]): Tensor => ({ dtype: 'string', shape: [data.length], data })
    expect(compare(EQUAL, text('setosa', 'virginica'), text('setosa', 'versicolor'))).toEqual([0, 1])
  })

  it('sees a difference of one in 64-bit integers beyond the precision of numbers', () => {
    const ints = (...values: bigint[]): Tensor => ({
      dtype: 'int64',
      shape: [values.length, 1],
      data: BigInt64Array.from(values),
    })
    const [left, right] = [ints(2n ** 53n, -1n, 5n), ints(2n ** 53n + 1n, -1n, 5n)]
    expect(compare(EQUAL, left, right)).toEqual([0.5, 0, 0])
  })

  it('reads 64-bit integers that begin in the middle of a buffer', () => {
    const view = (values: readonly bigint[]): Tensor => ({
      dtype: 'uint64',
      shape: [2],
      data: new BigUint64Array(BigUint64Array.from(values).buffer, 8, 2),
    })
    expect(compare(EQUAL, view([9n, 1n, 2n]), view([8n, 1n, 2n]))).toEqual([0, 0])
  })

  it('compares half-precision by value: NaN by any bits is NaN, 0 is -0', () => {
    const half = (...bits: number[]): Tensor => ({
      dtype: 'float16',
      shape: [bits.length],
      data: Uint16Array.from(bits),
    })
    expect(compare(EQUAL, half(0x7e00, 0x0000, 0x3c00), half(0x7e01, 0x8000, 0x3c01))).toEqual([0, 0, 1])
  })
})

describe('argmax', () => {
  it('agrees when the same class is chosen, whatever the scores', () => {
    const [left, right] = [
      floats([2, 3], 0.1, 0.2, 0.7, 0.5, 0.3, 0.2),
      floats([2, 3], 0.3, 0.3, 0.4, 0.2, 0.5, 0.3),
    ]
    const [first, second] = compare(ARGMAX, left, right) ?? []
    expect(first).toBe(0)
    expect(second).toBeCloseTo(0.5 - 0.3 + (0.5 - 0.2), 12)
  })

  it('takes the first of equal scores', () => {
    expect(compare(ARGMAX, floats([1, 2], 1, 1), floats([1, 2], 2, 1))).toEqual([0])
  })

  it('ranks a tie that broke the other way last, and still as a difference', () => {
    expect(compare(ARGMAX, floats([1, 2], 1, 1), floats([1, 2], 1, 2))?.[0]).toBe(1)
    expect(compare(ARGMAX, floats([1, 2], 1, 1), floats([1, 2], -INF, INF))?.[0]).toBe(NO_MEASURE)
  })

  it('compares every vector of a row along its last axis', () => {
    const left = floats([1, 2, 2], 1, 0, 0, 1)
    expect(compare(ARGMAX, left, floats([1, 2, 2], 5, 4, 2, 3))).toEqual([0])
    expect(compare(ARGMAX, left, floats([1, 2, 2], 5, 4, 3, 2))).toEqual([2])
  })

  it('chooses nothing where a score is NaN, and agrees only with nothing', () => {
    expect(compare(ARGMAX, floats([1, 2], NAN, 1), floats([1, 2], 1, NAN))).toEqual([0])
    expect(compare(ARGMAX, floats([1, 2], 0, 1), floats([1, 2], NAN, 1))).toEqual([NO_MEASURE])
    expect(compare(ARGMAX, floats([1, 2], 1, 0), floats([1, 2], NAN, 0))).toEqual([NO_MEASURE])
  })

  it.each([
    ['a single class', [2, 1]],
    ['a scalar per row', [2]],
  ])('asks for equality over %s, so that the gate is not blind', (_, shape) => {
    expect(compare(ARGMAX, floats(shape, 0.9, 0.1), floats(shape, 0.2, 0.1))).toEqual([1, 0])
  })

  it('chooses among 64-bit integers', () => {
    const ints = (...values: bigint[]): Tensor => ({
      dtype: 'int64',
      shape: [1, 2],
      data: BigInt64Array.from(values),
    })
    expect(compare(ARGMAX, ints(1n, 2n), ints(3n, 4n))).toEqual([0])
    expect(compare(ARGMAX, ints(1n, 2n), ints(4n, 3n))).toEqual([2])
  })

  it('can only be equality for text', () => {
    const text = (...data: string[]): Tensor => ({ dtype: 'string', shape: [1, 2], data })
    expect(compare(ARGMAX, text('a', 'b'), text('a', 'c'))).toEqual([0.5])
  })
})

describe('tolerance', () => {
  it.each<[name: string, baseline: number, candidate: number, agrees: boolean]>([
    ['just within atol', 0, 0.01, true],
    ['just beyond atol', 0, 0.0101, false],
    ['within rtol of the baseline', 100, 110, true],
    ['beyond rtol of the baseline', 100, 110.1, false],
    ['rtol of the baseline, not of the candidate', 110.1, 100, true],
    ['the same infinity', INF, INF, true],
    ['the other infinity', INF, -INF, false],
    ['a finite candidate for an infinite baseline', INF, 5, false],
    ['an infinite candidate', 5, INF, false],
    ['NaN for NaN', NAN, NAN, true],
    ['NaN for a number', 1, NAN, false],
    ['a number for NaN', NAN, 1, false],
  ])('%s', (_, baseline, candidate, agrees) => {
    const [magnitude] = compare(TOLERANCE, floats([1], baseline), floats([1], candidate)) ?? []
    if (agrees) expect(magnitude).toBe(0)
    else expect(magnitude).toBeGreaterThan(1)
  })

  it('measures the worst element in units of what is allowed, skipping those within', () => {
    expect(compare(TOLERANCE, floats([1, 3], 0, 0, 0), floats([1, 3], 0.005, 0.05, 0.02))).toEqual([5])
    expect(compare(TOLERANCE, floats([1, 2], 0, 1), floats([1, 2], 0.05, NAN))).toEqual([NO_MEASURE])
  })

  it('agrees exactly when the definition says so', () => {
    const any = fc.double()
    fc.assert(
      fc.property(any, any, (left, right) => {
        const allowed = 0.01 + 0.1 * Math.abs(left)
        const both = Number.isFinite(left) && Number.isFinite(right)
        const agrees = both
          ? Math.abs(right - left) <= allowed && Math.abs(right - left) < INF
          : Object.is(left, right)
        expect(compare(TOLERANCE, floats([1], left), floats([1], right))?.[0] === 0).toBe(agrees)
      }),
    )
  })
})

describe('alignOutput', () => {
  it('sees nothing to agree on where type or shape differ', () => {
    const float = floats([2], 1, 2)
    expect(compare(EQUAL, float, floats([2, 1], 1, 2))).toBeNull()
    expect(compare(EQUAL, float, floats([3], 1, 2, 3))).toBeNull()
    expect(compare(EQUAL, float, { dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) })).toBeNull()
  })

  it('refuses data that does not fill its shape', () => {
    expect(compare(EQUAL, floats([3], 1, 2), floats([3], 1, 2))).toBeNull()
  })

  it('takes an output that does not begin with the batch axis as one row', () => {
    expect(compare(EQUAL, floats([3], 1, 2, 3), floats([3], 1, 2, 4), 2)).toHaveLength(1)
    expect(compare(EQUAL, floats([], 1), floats([], 1), 1)).toEqual([0])
  })
})

describe('float16ToNumber', () => {
  it.each<[number, number]>([
    [0x0000, 0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x0001, 2 ** -24],
    [0x0400, 2 ** -14],
    [0x7c00, INF],
    [0xfc00, -INF],
    [0x7e00, NAN],
  ])('reads bits %i as %d', (bits, value) => {
    expect(float16ToNumber(bits)).toBe(value)
  })
})
