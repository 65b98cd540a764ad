import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatFloat, formatFloat16 } from './format-float.ts'

describe('formatFloat', () => {
  it.each([
    [3, '3.0'],
    [-3, '-3.0'],
    [0, '0.0'],
    [-0, '-0.0'],
    [0.2, '0.2'],
    [9_000_000, '9e+06'],
    [0.000_03, '3e-05'],
    [123_456, '123456.0'],
    [1_234_567, '1234567.0'],
    [100_000, '100000.0'],
    [1_000_000, '1e+06'],
    [0.0001, '0.0001'],
    [16_777_215, '16777215.0'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
    [3.402_823_466_385_288_6e38, '3.40282347e+38'],
    [0.333_333_333_333, '0.333333343'],
    [1e-45, '1.4013e-45'],
  ])('writes the float %d as TensorFlow Serving does', (value, text) => {
    expect(formatFloat(Math.fround(value), 'float32')).toBe(text)
  })

  it.each([
    [0.1, '0.1'],
    [1 / 3, '0.33333333333333331'],
    [1e22, '1e+22'],
    [123_456_789.125, '123456789.125'],
    [5e-324, '4.94066e-324'],
    [1.797_693_134_862_315_7e308, '1.7976931348623157e+308'],
    [2 ** 53, '9007199254740992.0'],
  ])('writes the double %d as TensorFlow Serving does', (value, text) => {
    expect(formatFloat(value, 'float64')).toBe(text)
  })

  it('rounds a tie to the even digit, as printf does', () => {
    expect(formatFloat(1_048_576.125, 'float32')).toBe('1048576.12')
    expect(formatFloat(1_048_576.375, 'float32')).toBe('1048576.38')
    expect(formatFloat(-1_048_576.125, 'float32')).toBe('-1048576.12')
  })

  it('brings every finite float and double back', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Math.fround(Number(formatFloat(value, 'float32')))).toBe(value)
      }),
    )
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Number(formatFloat(value, 'float64'))).toBe(value)
      }),
    )
  })

  it('always shows that it is a float', () => {
    fc.assert(
      fc.property(fc.float(), (value) => {
        expect(formatFloat(value, 'float32')).toMatch(/^-?(\d+\.\d+|\d(\.\d+)?e[+-]\d{2,3}|Infinity)$|^NaN$/)
      }),
    )
  })
})

describe('formatFloat16', () => {
  it.each([
    [0x3c00, '1.0'],
    [0xc000, '-2.0'],
    [0x0001, '5.96046448e-08'],
    [0x3555, '0.333251953'],
    [0x7c00, 'Infinity'],
    [0xfc00, '-Infinity'],
    [0x7e00, 'NaN'],
    [0x8000, '-0.0'],
  ])('writes the half %i as the float of the same value', (bits, text) => {
    expect(formatFloat16(bits)).toBe(text)
  })
})
