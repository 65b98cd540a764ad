import type { NamedTensors, Tensor } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { inputHash } from './input-hash.ts'

const floats = (...values: readonly number[]): Tensor => ({
  dtype: 'float32',
  shape: [values.length],
  data: Float32Array.from(values),
})
const texts = (...data: readonly string[]): Tensor => ({ dtype: 'string', shape: [data.length], data })
const named = (inputs: Readonly<Record<string, Tensor>>): NamedTensors => new Map(Object.entries(inputs))

describe('inputHash', () => {
  it('is the same for equal inputs, whatever the order of names and wherever the bytes lie', () => {
    const whole = Float32Array.of(9, 1, 2)
    const view: Tensor = { dtype: 'float32', shape: [2], data: whole.subarray(1) }
    const expected = inputHash(named({ a: floats(1, 2), b: texts('x') }))
    expect(inputHash(named({ b: texts('x'), a: view }))).toBe(expected)
    expect(expected).toMatch(/^[0-9a-f]{64}$/)
  })

  it.each<readonly [string, NamedTensors, NamedTensors]>([
    ['a value', named({ a: floats(1, 2) }), named({ a: floats(1, 3) })],
    ['a name', named({ a: floats(1) }), named({ b: floats(1) })],
    ['a shape', named({ a: floats(1, 2) }), named({ a: { ...floats(1, 2), shape: [1, 2] } })],
    [
      'a type',
      named({ a: { dtype: 'int32', shape: [1], data: Int32Array.of(0) } }),
      named({ a: { dtype: 'uint32', shape: [1], data: Uint32Array.of(0) } }),
    ],
    ['where one text ends', named({ a: texts('ab', 'c') }), named({ a: texts('a', 'bc') })],
    ['the sign of zero', named({ a: floats(0) }), named({ a: floats(-0) })],
  ])('differs when %s differs', (_what, left, right) => {
    expect(inputHash(left)).not.toBe(inputHash(right))
  })
})
