import { isPlatformError, type Signature, type TensorSpec } from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodePredictBody } from './decode-predict-body.ts'
import { scanPredictBody } from './scan-predict-body.ts'

const spec = (name: string, dtype: TensorSpec['dtype'] = 'float32', shape: TensorSpec['shape'] = ['N']) => ({
  ...{ name, dtype, shape },
})
const signature = (...inputs: TensorSpec[]): Signature => ({ inputs, outputs: [] })
const x = signature(spec('x', 'float32', ['N', 2]))
const pair = signature(spec('a'), spec('b', 'int32'))

const scan = (body: string, of = x) => scanPredictBody(Buffer.from(body), of)

describe('scanPredictBody', () => {
  it('reads rows, named rows and columns without the general reader', () => {
    expect(scan(' {"instances":[[1, 2.5e0],\n[3,-0.5]]} ')?.inputs.get('x')).toEqual({
      ...{ dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, 2.5, 3, -0.5) },
    })
    const rows = scan('{"instances": [{"b": 1, "a": [0.5]}, {"a": [1.5], "b": 2}]}', pair)
    expect([...(rows?.inputs ?? [])]).toEqual([
      ['a', { dtype: 'float32', shape: [2, 1], data: Float32Array.of(0.5, 1.5) }],
      ['b', { dtype: 'int32', shape: [2], data: Int32Array.of(1, 2) }],
    ])
    expect(rows?.form).toBe('row')
    const columns = scan('{"inputs": {"a": 7, "b": [[1, 2, 3]]}}', pair)
    expect(columns?.form).toBe('columnar')
    expect(columns?.inputs.get('a')?.shape).toEqual([])
    expect(columns?.inputs.get('b')).toEqual({ dtype: 'int32', shape: [1, 3], data: Int32Array.of(1, 2, 3) })
  })

  it('keeps more elements than the signature lets expect', () => {
    const values = Array.from({ length: 1_000 }, (_, index) => index / 8)
    expect(scan(JSON.stringify({ inputs: values }))?.inputs.get('x')?.data).toEqual(Float32Array.from(values))
  })

  it.each([
    '{"instances": [[1, 2], [3]]}',
    '{"instances": [[1, 2], 3]}',
    '{"instances": [[1, 2], [[3, 4]]]}',
    '{"instances": []}',
    '{"instances": [[]]}',
    '{"instances": [NaN]}',
    '{"instances": [16777217]}',
    '{"instances": ["1"]}',
    '{"instances": [1],}',
    '{"instances": [1]} x',
    '{"instances": [1], "signature_name": ""}',
    '{"instances": [1]',
    '{"inst\\u0061nces": [1]}',
    '{"inputs": {"x": 1, "x": 2}}',
    '{"inputs": {"x": 1, "y": 2}}',
    '[1]',
    '',
  ])('leaves %j to the general reader', (body) => {
    expect(scan(body)).toBeUndefined()
  })

  it('leaves types with other values than numbers to the general reader', () => {
    expect(scan('{"inputs": [true]}', signature(spec('f', 'bool')))).toBeUndefined()
    expect(scan('{"inputs": [1]}', signature(spec('h', 'float16')))).toBeUndefined()
  })

  it('reads every body of numbers exactly as the general reader, bit by bit', () => {
    const types = ['float32', 'float64', 'int8', 'int32', 'int64', 'uint8', 'uint32', 'uint64'] as const
    const number = fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: -3, max: 120 }).map(String) },
      {
        weight: 2,
        arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => JSON.stringify(value)),
      },
      fc.maxSafeInteger().map(String),
      fc.constantFrom(
        '-0',
        '1e2',
        '0.1e-3',
        '16777215',
        '16777216',
        '9007199254740993',
        '0.12345678901234567',
        '1.0',
      ),
    )
    const list = (inner: fc.Arbitrary<string>, length: number) =>
      fc.array(inner, { minLength: length, maxLength: length }).map((items) => `[${items.join(', ')}]`)
    const value = fc
      .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }))
      .chain(([outer, inner]) => fc.oneof(number, list(number, outer), list(list(number, inner), outer)))
    const named = fc.tuple(value, value).map(([a, b]) => `{"b":${b} ,"a": ${a}}`)
    const body = fc.oneof(
      value.map((text) => `{"inputs": ${text}}`),
      value.map((text) => `{"instances" :${text}}`),
      named.map((text) => `{"inputs": ${text}}`),
      fc.array(named, { minLength: 1, maxLength: 3 }).map((rows) => `{"instances": [${rows.join(',')}]}`),
    )
    const outcome = (text: string, of: Signature) => {
      try {
        return decodePredictBody(Buffer.from(text), of)
      } catch (error) {
        return isPlatformError(error) ? error.message : error
      }
    }
    let scanned = 0
    fc.assert(
      fc.property(body, fc.constantFrom(...types), fc.boolean(), (text, dtype, single) => {
        const of = single ? signature(spec('a', dtype)) : signature(spec('a', dtype), spec('b', 'float64'))
        if (scan(text, of) !== undefined) scanned += 1
        expect(outcome(text, of)).toEqual(outcome(`${text} trailing bytes force the exact way`, of))
      }),
      { numRuns: 1_000 },
    )
    expect(scanned).toBeGreaterThan(30)
  })
})
