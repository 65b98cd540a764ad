import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NumberScanner } from './number-scanner.ts'

const ANY = { min: -Number.MAX_VALUE, max: Number.MAX_VALUE, integersOnly: false, toFloat32: false }
const FLOAT32 = { ...ANY, toFloat32: true }

function scan(text: string, rules = ANY) {
  const scanner = new NumberScanner(Buffer.from(text), 0, rules)
  return scanner.number() ? { value: scanner.value, at: scanner.at } : undefined
}

/** Decimal texts of every length and exponent, near and far from what a double can tell apart. */
const decimal = fc
  .record({
    minus: fc.boolean(),
    whole: fc.oneof(fc.constant('0'), fc.bigInt({ min: 1n, max: 10n ** 25n }).map(String)),
    fraction: fc.option(fc.stringMatching(/^\d{1,25}$/)),
    exponent: fc.option(
      fc.record({ mark: fc.constantFrom('e', 'E', 'e+', 'e-'), size: fc.integer({ min: 0, max: 330 }) }),
    ),
  })
  .map(
    ({ minus, whole, fraction, exponent }) =>
      `${minus ? '-' : ''}${whole}${fraction === null ? '' : `.${fraction}`}${exponent === null ? '' : `${exponent.mark}${exponent.size}`}`,
  )
const written = fc.oneof(
  decimal,
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.maxSafeInteger().map(String),
)

describe('NumberScanner', () => {
  it('gives the bits that JSON.parse gives, or leaves the number alone', () => {
    fc.assert(
      fc.property(written, (text) => {
        const got = scan(`${text},`)
        if (got === undefined) return
        expect(got.at).toBe(text.length)
        expect(Object.is(got.value, JSON.parse(text))).toBe(true)
      }),
      { numRuns: 5_000 },
    )
  })

  it('gives the float32 that JSON.parse and rounding give, or leaves the number alone', () => {
    let taken = 0
    fc.assert(
      fc.property(written, (text) => {
        const got = scan(`${text}]`, FLOAT32)
        if (got === undefined) return
        taken += 1
        expect(got.at).toBe(text.length)
        expect(Object.is(Math.fround(got.value), Math.fround(JSON.parse(text)))).toBe(true)
      }),
      { numRuns: 5_000 },
    )
    expect(taken).toBeGreaterThan(1_500)
  })

  it('takes every short number, and for float32 the long ones that doubles are written as', () => {
    for (const text of ['0', '-0', '0.1', '-12.5', '123456789012345', '1e22', '5E-3', '1.5e+2', '-0.0']) {
      expect(Object.is(scan(text)?.value, JSON.parse(text)), text).toBe(true)
    }
    for (let index = 1; index < 10_000; index += 1) {
      const value = Math.fround(Math.sin(index) * 1_000)
      expect(Math.fround(scan(JSON.stringify(value), FLOAT32)?.value ?? Number.NaN)).toBe(value)
    }
  })

  it('does not guess halfway between two float32', () => {
    const halfway = '1.000000059604644775390625'
    for (const text of [halfway, `${halfway}1`, halfway.replace(/5$/, '4999'), `-${halfway}`]) {
      const got = scan(text, FLOAT32)
      if (got !== undefined) expect(Math.fround(got.value), text).toBe(Math.fround(JSON.parse(text)))
    }
  })

  it.each(['', '-', '01', '-01', '1.', '.5', '+1', '1e', '1e+', 'NaN', '-Infinity', 'x', '"1"', '1e999'])(
    'leaves %j to the general reader',
    (text) => {
      expect(scan(text)).toBeUndefined()
    },
  )

  it('leaves what breaks the rules to the general reader', () => {
    const bytes = { ...ANY, min: -128, max: 127, integersOnly: true }
    expect(scan('-128', bytes)?.value).toBe(-128)
    for (const text of ['128', '-129', '1.0', '1e1', '0.5']) expect(scan(text, bytes)).toBeUndefined()
  })
})
