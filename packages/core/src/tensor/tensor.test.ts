import { describe, expect, it } from 'vitest'
import { allocateData, BYTES_PER_ELEMENT, DTYPES, describeSpec, elementCount } from './tensor.ts'

describe('allocateData', () => {
  it.each(DTYPES)('gives zeros of %s, as wide as the type', (dtype) => {
    const data = allocateData(dtype, 3)
    expect(data).toHaveLength(3)
    expect([...data].every((value) => value === 0 || value === 0n || value === '')).toBe(true)
    if (dtype !== 'string' && 'byteLength' in data) {
      expect(data.byteLength).toBe(3 * BYTES_PER_ELEMENT[dtype])
    }
  })
})

it('elementCount is 1 for a scalar and 0 where an axis is empty', () => {
  expect([elementCount([]), elementCount([3]), elementCount([2, 3, 4]), elementCount([2, 0])]).toEqual([
    1, 3, 24, 0,
  ])
})

it('describeSpec names type, sizes and unknown sizes', () => {
  expect(describeSpec({ dtype: 'float32', shape: ['N', 4, ''] })).toBe('float32 [N, 4, ?]')
  expect(describeSpec({ dtype: 'string', shape: [] })).toBe('string []')
})
