import type { NamedTensors, Tensor } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { rowAnswer } from './row-answer.ts'

const outputs = (...named: readonly (readonly [string, Tensor])[]): NamedTensors => new Map(named)
const parsed = (text: string | null) => text && JSON.parse(text)

describe('rowAnswer', () => {
  it('holds one row of every output, and the whole of one without the batch axis', () => {
    const tensors = outputs(
      ['label', { dtype: 'int64', shape: [2], data: new BigInt64Array([7n, 9n]) }],
      ['score', { dtype: 'float32', shape: [2, 2], data: new Float32Array([1, 2, Number.NaN, 4]) }],
      ['flags', { dtype: 'bool', shape: [3], data: new Uint8Array([1, 0, 1]) }],
      ['half', { dtype: 'float16', shape: [2], data: new Uint16Array([0x3c00, 0x4000]) }],
      ['name', { dtype: 'string', shape: [2, 1], data: ['a', 'b'] }],
    )
    expect(parsed(rowAnswer(tensors, 1, 2))).toEqual({
      label: { dtype: 'int64', shape: [], values: ['9'] },
      score: { dtype: 'float32', shape: [2], values: ['NaN', 4] },
      flags: { dtype: 'bool', shape: [3], values: [true, false, true] },
      half: { dtype: 'float16', shape: [], values: [2] },
      name: { dtype: 'string', shape: [1], values: ['b'] },
    })
  })

  it('has the same form for a request of one row as for a row of many', () => {
    const one = outputs(['score', { dtype: 'float32', shape: [1, 2], data: new Float32Array([3, 4]) }])
    expect(parsed(rowAnswer(one, 0, 1))).toEqual({ score: { dtype: 'float32', shape: [2], values: [3, 4] } })
  })

  it('is nothing where it is larger than is kept', () => {
    const embedding = outputs(['e', { dtype: 'float32', shape: [1, 3_000], data: new Float32Array(3_000) }])
    expect(rowAnswer(embedding, 0, 1)).toBeNull()
    const text = outputs(['t', { dtype: 'string', shape: [1], data: ['x'.repeat(5_000)] }])
    expect(rowAnswer(text, 0, 1)).toBeNull()
    const many = outputs(['e', { dtype: 'float32', shape: [100, 30], data: new Float32Array(3_000) }])
    expect(rowAnswer(many, 99, 100)).not.toBeNull()
  })
})
