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
        if (left.length > 40) expect(digits(rest[0] ?? '')).toBeGreaterThan(14)
      }),
      { numRuns: 3_000 },
    )
  })

  it.each([1, 2, 3, 4, 5, 8, 12, 14])(
    'takes lists of numbers with %d digits behind the point whole',
    (size) => {
      const elements = Array.from({ length: 100 }, (_, index) => Math.sin(index).toFixed(size))
      expect(read(elements).taken.length).toBeGreaterThan(size > 8 ? 96 : 99)
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
    const progress = { at: 0, count: 0, view: undefined }
    readPlainNumbers(Buffer.from('1,'.repeat(60)), new Float64Array(7), ANY, progress)
    expect(progress).toMatchObject({ at: 14, count: 7 })
  })
})
