import { isPlatformError } from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeExamplesBody } from './decode-examples-body.ts'

const valuesOf = (values: ArrayLike<unknown>): unknown[] => Array.from(values)
const decode = (text: string) => decodeExamplesBody(Buffer.from(text))

/** Features of the first example, with bytes as text. */
function features(example: string): Record<string, unknown> {
  const [first] = decode(`{"examples": [${example}]}`).examples
  const plain = [...(first ?? [])].map(([name, { kind, values }]) => [
    name,
    [kind, ...valuesOf(values).map((value) => (value instanceof Uint8Array ? [...value] : value))],
  ])
  return Object.fromEntries(plain)
}

function mistakeIn(text: string): string {
  try {
    decode(text)
    return 'accepted'
  } catch (error) {
    return isPlatformError(error) && error.code === 'request.malformed' ? error.message : String(error)
  }
}

describe('decodeExamplesBody', () => {
  it('types features by how their values are written', () => {
    expect(
      features(
        '{"a": 1.0, "b": 1, "c": true, "d": "dé", "e": {"b64": "/wA="}, "f": [1e2, 0.1, NaN, -Infinity]}',
      ),
    ).toEqual({
      a: ['float', 1],
      b: ['int64', 1n],
      c: ['int64', 1n],
      d: ['bytes', 'dé'],
      e: ['bytes', [255, 0]],
      f: ['float', 100, Math.fround(0.1), Number.NaN, Number.NEGATIVE_INFINITY],
    })
    expect(features('{"g": [1, true, false, -2], "h": ["x", {"b64": "eQ=="}], "i": []}')).toEqual({
      g: ['int64', 1n, 1n, 0n, -2n],
      h: ['bytes', 'x', [121]],
    })
  })

  it('keeps every digit of int64, and reads what no 64 bits hold as a float', () => {
    expect(features('{"a": [9007199254740993, -9223372036854775808, 9223372036854775807]}')).toEqual({
      a: ['int64', 9007199254740993n, -(2n ** 63n), 2n ** 63n - 1n],
    })
    expect(features('{"a": 100000000000000000000}')).toEqual({ a: ['float', Math.fround(1e20)] })
  })

  it('reads signature name and context, and ignores what it does not know', () => {
    const body = decode(
      '{"signature_name": "x", "context": {"c": 1}, "examples": [{}, {"a": 2}], "more": {}}',
    )
    expect(body.signatureName).toBe('x')
    expect(body.context?.get('c')).toEqual({ kind: 'int64', values: [1n] })
    expect(body.examples.map((one) => [...one.keys()])).toEqual([[], ['a']])
    expect(decode('{"examples": [{}]} trailing')).toEqual({
      signatureName: '',
      context: undefined,
      examples: [new Map()],
    })
  })

  it('takes the first of members with the same name, and names of prototypes as features', () => {
    expect(features('{"a": 1, "a": 2, "__proto__": 3, "constructor": 4}')).toEqual(
      Object.fromEntries([
        ['a', ['int64', 1n]],
        ['__proto__', ['int64', 3n]],
        ['constructor', ['int64', 4n]],
      ]),
    )
  })

  const missing = "When method is classify, key 'examples' is expected and was not found"
  it.each([
    ['', 'JSON Parse error: The document is empty'],
    ['{"examples": [', 'JSON Parse error: Invalid value. at offset: 14'],
    ['[]', 'JSON Value: [] Is not object'],
    ['{"signature_name": 1, "examples": [{}]}', "'signature_name' key must be a string value."],
    ['{"signature_name": null, "examples": [{}]}', "'signature_name' key must be a string value."],
    ['{"instances": [1]}', `JSON Value: {"instances":[1]} ${missing}`],
    ['{"examples": {}}', `JSON Value: {"examples":{}} Expecting 'examples' value to be an list/array`],
    ['{"examples": []}', `JSON Value: {"examples":[]} 'examples' value is an empty array`],
    ['{"examples": [1]}', 'Example must be JSON object but got JSON Number'],
    ['{"context": [], "examples": [{}]}', 'Example must be JSON object but got JSON Array'],
    ['{"examples": [{"f": null}]}', 'Feature: f has element with unexpected JSON type: Null'],
    ['{"examples": [{"f": [[1]]}]}', 'Feature: f has element with unexpected JSON type: Array'],
    ['{"examples": [{"f": {"g": 1}}]}', 'Feature: f has element with unexpected JSON type: Object'],
    ['{"examples": [{"f": [1, 2.0]}]}', 'Unexpected element type in feature: f expecting type: int64'],
    ['{"examples": [{"f": [1.0, "x"]}]}', 'Unexpected element type in feature: f expecting type: float'],
    ['{"examples": [{"f": ["x", true]}]}', 'Unexpected element type in feature: f expecting type: bytes'],
    ['{"examples": [{"f": {"b64": "a"}}]}', 'Unable to base64 decode'],
    ['{"examples": [{"f": 1e300}]}', 'Cannot convert JSON value: 1e+300 to float without loss of precision.'],
    [
      '{"examples": [{"f": 18446744073709551615}]}',
      'Feature: f has uint64 element. Only int64 is supported.',
    ],
  ])('refuses %s', (text, message) => {
    expect(mistakeIn(text)).toBe(message)
  })

  it('gives features or a registered error for any bytes and any JSON', () => {
    const value = fc.jsonValue({ maxDepth: 4 })
    const body = fc.record({ examples: fc.oneof(fc.array(fc.dictionary(fc.string(), value)), value) })
    const text = fc.oneof(
      fc.uint8Array(),
      body.map((one) => Buffer.from(JSON.stringify(one))),
    )
    fc.assert(
      fc.property(text, (bytes) => {
        try {
          const { examples } = decodeExamplesBody(bytes)
          for (const { kind, values } of examples.flatMap((one) => [...one.values()])) {
            const types = { float: ['number'], int64: ['bigint'], bytes: ['string', 'object'] }
            for (const item of valuesOf(values)) expect(types[kind]).toContain(typeof item)
            expect(values.length).toBeGreaterThan(0)
          }
        } catch (error) {
          if (!isPlatformError(error)) throw error
          expect(error.code).toBe('request.malformed')
        }
      }),
      { numRuns: 500 },
    )
  })
})
