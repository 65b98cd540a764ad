import fc from 'fast-check'
import { expect, it } from 'vitest'
import { float16ToNumber, numberToFloat16 } from './float16.ts'

it('every half-precision number survives the way there and back', () => {
  for (let bits = 0; bits <= 0xffff; bits++) {
    const value = float16ToNumber(bits)
    if (!Number.isNaN(value)) expect(numberToFloat16(value)).toBe(bits)
  }
})

it('gives the nearest half-precision number', () => {
  fc.assert(
    fc.property(fc.double({ min: -65_519, max: 65_519, noNaN: true }), (value) => {
      const bits = numberToFloat16(value)
      const distance = Math.abs(float16ToNumber(bits) - value)
      for (const neighbour of [bits - 1, bits + 1]) {
        const other = float16ToNumber(neighbour & 0xffff)
        if (Number.isFinite(other)) expect(distance).toBeLessThanOrEqual(Math.abs(other - value))
      }
    }),
  )
})

it.each([
  [1, 0x3c00],
  [-2, 0xc000],
  [65_504, 0x7bff],
  [65_520, 0x7c00],
  [2 ** -24, 1],
  [Number.NaN, 0x7e00],
])('%d is %i', (value, bits) => {
  expect(numberToFloat16(value)).toBe(bits)
})
