import { isPlatformError, type Signature, type TensorSpec } from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodePredictBody } from './decode-predict-body.ts'

const spec = (name: string, dtype: TensorSpec['dtype'] = 'float32', shape: TensorSpec['shape'] = ['N']) => ({
  name,
  dtype,
  shape,
})
const signature = (...inputs: TensorSpec[]): Signature => ({ inputs, outputs: [] })
const x = signature(spec('x', 'float32', ['N', 2]))
const two = signature(spec('b', 'int64'), spec('a', 'string'))

const decode = (body: string, of: Signature = x) => decodePredictBody(Buffer.from(body, 'utf8'), of)

function errorOf(body: string, of: Signature = x) {
  try {
    decode(body, of)
  } catch (error) {
    if (isPlatformError(error)) return { category: error.category, message: error.message }
    throw error
  }
  throw new Error('expected the body to be refused')
}

describe('decodePredictBody', () => {
  it('stacks rows of plain values into the one input', () => {
    expect(decode('{"instances": [[1, 2.5], [3, 4]]}')).toEqual({
      form: 'row',
      inputs: new Map([['x', { dtype: 'float32', shape: [2, 2], data: new Float32Array([1, 2.5, 3, 4]) }]]),
    })
  })

  it('stacks rows of named values, in the order of the signature', () => {
    const body =
      '{"signature_name":"serving_default","instances":[{"a":"foo","b":1},{"b":2,"a":{"b64":"YmFy"}}]}'
    const { inputs } = decode(body, two)
    expect([...inputs]).toEqual([
      ['b', { dtype: 'int64', shape: [2], data: new BigInt64Array([1n, 2n]) }],
      ['a', { dtype: 'string', shape: [2], data: ['foo', 'bar'] }],
    ])
  })

  it('takes columns of any shapes and ignores names that it does not know', () => {
    const { form, inputs } = decode('{"inputs": {"a": [["x"], ["y"]], "b": 7, "other": null}}', two)
    expect(form).toBe('columnar')
    expect(inputs.get('a')?.shape).toEqual([2, 1])
    expect(inputs.get('b')).toEqual({ dtype: 'int64', shape: [], data: new BigInt64Array([7n]) })
  })

  it('takes a bare value, list or base64 object as the one column', () => {
    expect(decode('{"inputs": 3}').inputs.get('x')?.shape).toEqual([])
    expect(decode('{"inputs": [[1,2]]}').inputs.get('x')?.shape).toEqual([1, 2])
    const text = decode('{"inputs": {"b64": "aGk="}}', signature(spec('s', 'string')))
    expect(text.inputs.get('s')).toEqual({ dtype: 'string', shape: [], data: ['hi'] })
  })

  it('keeps 64-bit integers exact in every notation that has them', () => {
    const body = '{"instances": [9007199254740993, -9223372036854775808, 1]}'
    expect(decode(body, signature(spec('i', 'int64'))).inputs.get('i')?.data).toEqual(
      new BigInt64Array([9007199254740993n, -9223372036854775808n, 1n]),
    )
    expect(
      decode('{"inputs": [18446744073709551615]}', signature(spec('u', 'uint64'))).inputs.get('u')?.data,
    ).toEqual(new BigUint64Array([18446744073709551615n]))
  })

  it('reads NaN and infinities, and does not read what follows the document', () => {
    const { inputs } = decode('{"instances": [[NaN, Infinity], [-Infinity, 1]]} and so on')
    expect(inputs.get('x')?.data).toEqual(
      new Float32Array([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1]),
    )
  })

  it('reads booleans and every integer type at its limits', () => {
    expect(decode('{"inputs": [true, false]}', signature(spec('f', 'bool'))).inputs.get('f')?.data).toEqual(
      new Uint8Array([1, 0]),
    )
    const limits = { int8: [-128, 127], int16: [-32768, 32767], int32: [-2147483648, 2147483647] } as const
    for (const [dtype, [min, max]] of Object.entries(limits)) {
      const of = signature(spec('i', dtype as 'int8'))
      expect([...(decode(`{"inputs": [${min}, ${max}]}`, of).inputs.get('i')?.data ?? [])]).toEqual([
        min,
        max,
      ])
      expect(errorOf(`{"inputs": [${max + 1}]}`, of).message).toContain(`is not of expected type: ${dtype}`)
    }
  })

  it.each([
    ['', 'JSON Parse error: The document is empty'],
    ['{"instances": [1, @]}', 'JSON Parse error: Invalid value. at offset: 18'],
    ['[1]', 'JSON Value: [1] Is not object'],
    ['{}', "Missing 'inputs' or 'instances' key"],
    [
      '{"instances": [1], "inputs": [1]}',
      "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist",
    ],
    ['{"signature_name": 5, "instances": [1]}', "'signature_name' key must be a string value."],
    ['{"signature_name": "x", "instances": [1]}', 'Serving signature name: "x" not found in signature def'],
    ['{"instances": {"x": 1}}', "Expecting 'instances' to be an list/array"],
    ['{"instances": []}', "No values in 'instances' array"],
    ['{"inputs": {"y": 1}}', "Missing named input: x in 'inputs' object."],
  ])('refuses %j with the words of TensorFlow Serving', (body, message) => {
    expect(errorOf(body)).toEqual({ category: 'INVALID_ARGUMENT', message })
  })

  it.each([
    [
      '{"inputs": ["abc"]}',
      x,
      'JSON Value: "abc" Type: String is not of expected type: float (input x: float32 [N, 2])',
    ],
    [
      '{"instances": [[1, 2], ["abc", 2]]}',
      x,
      'Failed to process element: 1 of \'instances\' list. Error: INVALID_ARGUMENT: JSON Value: "abc" Type: String is not of expected type: float (input x: float32 [N, 2])',
    ],
    [
      '{"instances": [{"a": "x", "b": 1.0}]}',
      two,
      "Failed to process element: 0 key: b of 'instances' list. Error: INVALID_ARGUMENT: JSON Value: 1.0 Type: Number is not of expected type: int64 (input b: int64 [N])",
    ],
    [
      '{"instances": [{"a": "x"}]}',
      two,
      'Failed to process element: 0 of \'instances\' list. JSON object: {"a":"x"} keys must be equal to: a,b',
    ],
    [
      '{"instances": [{"a": "x", "c": 1}]}',
      two,
      "Failed to process element: 0 key: c of 'instances' list. Error: INVALID_ARGUMENT: JSON object: does not have named input: c",
    ],
    [
      '{"instances": [[1, 2], [3]]}',
      x,
      "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting tensor size: 2 but got: 1 (input x: float32 [N, 2])",
    ],
    [
      '{"instances": [[1, 2], [[3, 4]]]}',
      x,
      "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting shape [2] but got: [1,2] (input x: float32 [N, 2])",
    ],
    [
      '{"inputs": [[1, 2], [3]]}',
      x,
      'Encountered list at unexpected size: 1 at level: 1 expected size: 2 (input x: float32 [N, 2])',
    ],
    [
      '{"inputs": [1, [2]]}',
      x,
      'Encountered list at unexpected level: 1 expected < 1 (input x: float32 [N, 2])',
    ],
    [
      '{"inputs": [[1], 2]}',
      x,
      'JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2 (input x: float32 [N, 2])',
    ],
    [
      '{"inputs": [16777217]}',
      x,
      'Cannot convert JSON value: 16777217 to float without loss of precision. (input x: float32 [N, 2])',
    ],
    [
      '{"inputs": [1e39]}',
      x,
      'Cannot convert JSON value: 1e+39 to float without loss of precision. (input x: float32 [N, 2])',
    ],
    ['{"inputs": [1e999]}', x, 'JSON Parse error: Number too big to be stored in double. at offset: 12'],
    [
      '{"instances": [1]}',
      two,
      'instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map',
    ],
    [
      '{"inputs": [1]}',
      two,
      'inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map',
    ],
    ['{"instances": [{"a": "x", "b": 1}, 5]}', two, 'Expecting object but got list at item 1 of input list'],
    ['{"instances": [[1, 2], {"x": 1}]}', x, 'Expecting value/list but got object at item 1 of input list'],
  ])('refuses %j and names the input', (body, of, message) => {
    expect(errorOf(body, of)).toEqual({ category: 'INVALID_ARGUMENT', message })
  })

  it('says that JSON cannot carry half floats', () => {
    expect(errorOf('{"instances": [1]}', signature(spec('h', 'float16')))).toEqual({
      category: 'UNIMPLEMENTED',
      message: 'Conversion of JSON Value: 1 to type: half (input h: float16 [N])',
    })
  })

  it('refuses base64 that is none, or is no text', () => {
    const of = signature(spec('s', 'string'))
    expect(errorOf('{"inputs": {"b64": "a"}}', of).message).toContain('Unable to base64 decode')
    expect(errorOf('{"inputs": {"b64": "_-"}}', of).message).toContain('Unable to base64 decode')
    expect(errorOf('{"inputs": {"b64": "/w=="}}', of).message).toContain('is not UTF-8')
    expect(errorOf('{"inputs": [{"b64": 1}]}', of).message).toContain(
      'not formatted correctly for base64 data',
    )
  })

  it('does not allocate what a lying shape promises', () => {
    const lie = `[${'0,'.repeat(20_000)}0]`
    const rows = `[${lie}${',[]'.repeat(20_000)}]`
    expect(errorOf(`{"inputs": ${rows}}`).message).toContain('unexpected size: 0 at level: 1')
    expect(errorOf(`{"instances": ${rows}}`).message).toContain('Expecting tensor size: 20001 but got: 0')
  })

  it('cuts long values out of messages', () => {
    expect(errorOf(`{"inputs": ["${'z'.repeat(100_000)}"]}`).message.length).toBeLessThan(400)
  })

  it('reads the short way exactly as the exact way', () => {
    const specs = [
      x,
      two,
      signature(spec('d', 'float64')),
      signature(spec('i', 'int32')),
      signature(spec('s', 'string')),
    ]
    const leaf = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.string(),
      fc.constant(null),
      fc.maxSafeInteger(),
    )
    const value = fc.oneof(
      leaf,
      fc.array(leaf, { maxLength: 3 }),
      fc.array(fc.array(leaf, { maxLength: 3 }), { maxLength: 3 }),
    )
    const names = fc.dictionary(fc.constantFrom('a', 'b', 'x', 'd', 'b64'), value)
    const body = fc.record(
      { instances: fc.oneof(fc.array(fc.oneof(value, names)), names), inputs: fc.oneof(value, names) },
      { requiredKeys: [] },
    )
    const outcome = (text: string, of: Signature) => {
      try {
        return decode(text, of)
      } catch (error) {
        return isPlatformError(error) ? error.message : error
      }
    }
    fc.assert(
      fc.property(body, fc.constantFrom(...specs), (document, of) => {
        const text = JSON.stringify(document)
        expect(outcome(text, of)).toEqual(outcome(`${text} trailing bytes force the exact way`, of))
      }),
      { numRuns: 1000 },
    )
  })

  it('answers arbitrary bytes with tensors or a registered error', () => {
    const soup = fc
      .array(
        fc.constantFrom(
          '{"instances":',
          '{"inputs":',
          '"a"',
          '"b64"',
          '[',
          ']',
          '}',
          ',',
          ':',
          '1',
          '-',
          '.5',
          'e9',
          'NaN',
          'null',
          ' ',
        ),
      )
      .map((parts) => Buffer.from(parts.join('')))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), soup), fc.constantFrom(x, two), (bytes, of) => {
        try {
          decodePredictBody(bytes, of)
        } catch (error) {
          expect(isPlatformError(error)).toBe(true)
        }
      }),
      { numRuns: 1000 },
    )
  })
})
