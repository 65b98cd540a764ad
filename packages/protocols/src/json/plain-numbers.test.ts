import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { NumberRules } from './number-rules.ts'
import { readPlainNumbers } from './plain-numbers.ts'

const ANY = { min: -Number.MAX_VALUE, max: Number.MAX_VALUE, integersOnly: false, toFloat32: false }

/** Reads a list that begins at some place of a larger buffer; what was taken, and what text is left. */
function read(elements: readonly string[], rules: NumberRules = ANY) {
  const text = `[${elements.join(',')},`
  const bytes = Buffer.from(`xyz${text}`).subarray(3)
  const store = new Float64Array(elements.length)
  const progress = { at: 1, count: 0, view: undefined }
  readPlainNumbers(bytes, store, rules, progress)
  return { taken: store.subarray(0, progress.count), left: text.slice(progress.at) }
}

/** Plain numbers of every length, some with spaces before them. */
const plain = fc
  .record({
    space: fc.constantFrom('', '', ' ', '   '),
    minus: fc.boolean(),
    whole: fc.oneof(fc.constant('0'), fc.stringMatching(/^[1-9]\d{0,15}$/)),
    fraction: fc.option(fc.stringMatching(/^\d{1,16}$/)),
  })
  .map(
    ({ space, minus, whole, fraction }) =>
      `${space}${minus ? '-' : ''}${whole}${fraction === null ? '' : `.${fraction}`}`,
  )

function digits(element: string): number {
  return element.replace(/\D/g, '').length
}

describe('readPlainNumbers', () => {
  it('gives the bits that JSON.parse gives, in order, and stops only at a long number or near the end', () => {
    fc.assert(
      fc.property(fc.array(plain, { minLength: 1, maxLength: 30 }), (elements) => {
        const { taken, left } = read(elements)
        for (const [index, value] of taken.entries()) {
          expect(Object.is(value, JSON.parse(elements[index] ?? '')), elements[index]).toBe(true)
        }
        const rest = elements.slice(taken.length)
        expect(left).toBe(rest.map((element) => `${element},`).join(''))
        if (left.length > 40) expect(digits(rest[0] ?? '')).toBeGreaterThan(12)
      }),
      { numRuns: 3_000 },
    )
  })

  it('gives the float32 that JSON.parse and rounding give, of numbers with any number of digits', () => {
    const long = fc
      .record({
        of: fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
        half: fc.boolean(),
      })
      .map(({ of, half }) => {
        // Halfway to the next float32 the last digit decides.
        const next = Math.fround(of * (1 + 2 ** -23))
        return (half ? (of + next) / 2 : of).toFixed(40)
      })
    const digit = fc.integer({ min: 1, max: 45 })
    fc.assert(
      fc.property(fc.array(fc.tuple(long, digit), { minLength: 3, maxLength: 20 }), (cut) => {
        const elements = cut.map(([text, size]) => text.slice(0, text.indexOf('.') + 1 + size))
        const { taken } = read(elements, { ...ANY, toFloat32: true })
        for (const [index, value] of taken.entries()) {
          const expected = Math.fround(JSON.parse(elements[index] ?? ''))
          expect(Object.is(Math.fround(value), expected), elements[index]).toBe(true)
        }
      }),
      { numRuns: 3_000 },
    )
  })

  it('takes every number of one digit before the point and up to three behind it, with and without sign and space', () => {
    const fractions = [1, 2, 3].flatMap((size) =>
      Array.from({ length: 10 ** size }, (_, at) => String(at).padStart(size, '0')),
    )
    for (const before of ['', '-', ' ', ' -', '  ']) {
      for (const rules of [ANY, { ...ANY, toFloat32: true }]) {
        const elements = fractions.map((fraction, at) => `${before}${at % 10}.${fraction}`)
        const { taken } = read([...elements, ...new Array<string>(40).fill('1')], rules)
        const wrong = elements.filter((element, at) => !Object.is(taken[at], JSON.parse(element)))
        expect(wrong).toEqual([])
      }
    }
  })

  it('takes floats as they are written out for a float32, and none beyond its integers', () => {
    const rules = { min: -(2 ** 24 - 1), max: 2 ** 24 - 1, integersOnly: false, toFloat32: true }
    const floats = Array.from({ length: 200 }, (_, index) => String(Math.fround(Math.sin(index + 1) + 1)))
    expect(read(floats, rules).taken.length).toBeGreaterThan(195)
    const tail = new Array<string>(40).fill('1')
    for (const odd of ['16777215.000000000000001', '-16777215.000000000000001', '16777216']) {
      expect([...read(['16777215', odd, ...tail], rules).taken]).toEqual([16_777_215])
    }
  })

  it.each([1, 2, 3, 4, 5, 8, 12, 14])(
    'takes lists of numbers with %d digits behind the point whole',
    (size) => {
      const elements = Array.from({ length: 100 }, (_, index) => Math.sin(index).toFixed(size))
      expect(read(elements).taken.length).toBeGreaterThan(size > 8 ? 95 : 98)
    },
  )

  it.each([
    '',
    '-',
    '01',
    '-01',
    '00.5',
    '1.',
    '.5',
    '+1',
    '1e3',
    '0.5e3',
    '1.2.3',
    '0.12x',
    '0.123x',
    '0.1x',
    '-0.123e1',
    '0.12]',
    '0.123 ',
    '0..12',
    '--0.12',
    '- 0.12',
    '5 ',
    '"1"',
    '[1',
  ])('stops before %j, wherever it is', (odd) => {
    for (const after of [0, 1, 40]) {
      const elements = ['0.5', '-1.25', odd, ...new Array<string>(after).fill('1')]
      const { taken, left } = read(elements)
      expect([...taken]).toEqual([0.5, -1.25])
      expect(left.startsWith(`${odd},`)).toBe(true)
    }
  })

  it('stops before what breaks the rules, and when the store is full', () => {
    const bytes = { ...ANY, min: -128, max: 127, integersOnly: true }
    const tail = new Array<string>(40).fill('1')
    for (const odd of ['128', '-129', '1.0', '0.5']) {
      expect([...read(['-128', '127', odd, ...tail], bytes).taken]).toEqual([-128, 127])
    }
    const small = { ...ANY, min: -5, max: 5 }
    for (const odd of ['5.25', '-7.125', '6.5', '6']) {
      expect([...read(['4.75', '-0.5', odd, ...tail], small).taken]).toEqual([4.75, -0.5])
    }
    const progress = { at: 0, count: 0, view: undefined }
    readPlainNumbers(Buffer.from('1,'.repeat(60)), new Float64Array(7), ANY, progress)
    expect(progress).toMatchObject({ at: 14, count: 7 })
  })
})
