import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JsonSyntaxError } from './json-syntax-error.ts'
import { JsonNumber } from './json-value.ts'
import { MAX_JSON_DEPTH, nestsTooDeep, parseJson } from './parse-json.ts'

const bytes = (text: string) => Buffer.from(text, 'utf8')
const parse = (text: string) => parseJson(bytes(text))

describe('parseJson', () => {
  it.each([
    ['', 'The document is empty. at offset: 0'],
    ['  ', 'The document is empty. at offset: 2'],
    ['@', 'Invalid value. at offset: 0'],
    ['{"instances": [1, tru]}', 'Invalid value. at offset: 21'],
    ['{"a" 1}', 'Missing a colon after a name of object member. at offset: 5'],
    ['{a: 1}', 'Missing a name for object member. at offset: 1'],
    ['{"a": 1 "b"}', 'Missing a comma or } after an object member. at offset: 8'],
    ['[1 2]', 'Missing a comma or ] after an array element. at offset: 3'],
    ['[1,]', 'Invalid value. at offset: 3'],
    ['"abc', 'Missing a closing quotation mark in string. at offset: 4'],
    ['"\\x"', 'Invalid escape character in string. at offset: 1'],
    ['"\\u12G4"', 'Incorrect hex digit after \\u escape in string. at offset: 1'],
    ['"\\ud800x"', 'The surrogate pair in string is invalid. at offset: 1'],
    ['1.', 'Missing fraction part in number. at offset: 2'],
    ['1e', 'Missing exponent in number. at offset: 2'],
    ['1e999', 'Number too big to be stored in double. at offset: 0'],
    ['-Inx', 'Invalid value. at offset: 3'],
    ['01', undefined],
  ])('says of %j what RapidJSON says', (text, message) => {
    if (message === undefined) expect(parse(text)).toBe(0)
    else
      expect(() => parse(text)).toThrow(
        new JsonSyntaxError(message.replace(/ at offset.*/, ''), Number(message.split(': ')[1])),
      )
  })

  it('keeps what a number hides: how it was written, and digits beyond 2^53', () => {
    expect(parse('[1, 1.0, 1e3, 9007199254740993, -0.5]')).toEqual([
      1,
      new JsonNumber('1.0'),
      new JsonNumber('1e3'),
      new JsonNumber('9007199254740993'),
      -0.5,
    ])
  })

  it('reads bare NaN and infinities', () => {
    expect(parse('[NaN, Infinity, -Infinity, Inf, -Inf]')).toEqual([
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ])
  })

  it('stops after the first document', () => {
    expect(parse('{"a":1} trailing { bytes')).toEqual({ a: 1 })
  })

  it('reads a member named __proto__ as a member', () => {
    const value = parse('{"__proto__": {"polluted": true}}')
    expect(Object.keys(value as object)).toEqual(['__proto__'])
    expect('polluted' in {}).toBe(false)
  })

  it('refuses documents deeper than the limit instead of exhausting the stack', () => {
    const deepest = '['.repeat(MAX_JSON_DEPTH) + ']'.repeat(MAX_JSON_DEPTH)
    expect(Array.isArray(parse(deepest))).toBe(true)
    expect(() => parse('['.repeat(1_000_000))).toThrow('Nesting is too deep. at offset: 64')
    expect(nestsTooDeep(bytes(deepest))).toBe(false)
    expect(nestsTooDeep(bytes('['.repeat(65)))).toBe(true)
    expect(nestsTooDeep(bytes(`"${'['.repeat(65)}\\"["`))).toBe(false)
  })

  it('reads every JSON document as JSON.parse does', () => {
    const plain = (value: unknown): unknown => {
      if (value instanceof JsonNumber) return value.value
      if (Array.isArray(value)) return value.map(plain)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
    }
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(undefined, 1, '\t'), (text, indent) => {
        const spaced = JSON.stringify(JSON.parse(text), null, indent)
        expect(plain(parse(spaced))).toEqual(JSON.parse(spaced.replaceAll('-0', '-0')))
      }),
    )
  })

  it('answers arbitrary bytes with a value or a syntax error', () => {
    const soup = fc.array(fc.constantFrom(...'{}[]",:\\u0123456789.eE+-tfnNI a'), { maxLength: 200 })
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          soup.map((parts) => bytes(parts.join(''))),
        ),
        (input) => {
          try {
            parseJson(input)
          } catch (error) {
            expect(error).toBeInstanceOf(JsonSyntaxError)
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})
