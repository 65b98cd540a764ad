import { type DType, isPlatformError, type Signature, type Tensor } from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkAnswerForm, encodeInferResponse, textElements } from './encode-infer-response.ts'
import { formatDouble } from './format-double.ts'
import type { AnswerForm } from './infer-request.ts'

const ALL: AnswerForm = { id: '', outputs: undefined, isBinary: false }
const signatureOf = (dtype: DType, first: number | string = 'N'): Signature => ({
  inputs: [],
  outputs: [{ name: 'y', dtype, shape: [first, 3] }],
})
const encode = (tensor: Tensor, form = ALL, classLabels = {}) =>
  encodeInferResponse({
    ...{ model: 'm', version: 2, outputs: new Map([['y', tensor]]), form, classLabels },
    signature: signatureOf(tensor.dtype),
  })
const dataOf = (tensor: Tensor) => /"data":(.*)\}\]\}$/.exec(encode(tensor).json)?.[1]
const classes = (classCount: number, isBinary = false): AnswerForm => ({
  ...{ id: '', isBinary: false, outputs: [{ name: 'y', classCount, isBinary }] },
})
const floats = (shape: readonly number[], ...values: readonly number[]): Tensor => ({
  ...{ dtype: 'float32', shape, data: Float32Array.from(values) },
})
const refusal = (call: () => unknown) => {
  try {
    call()
    return 'none'
  } catch (error) {
    return isPlatformError(error) ? error.message : String(error)
  }
}

describe('formatDouble', () => {
  it.each([
    [1, '1.0'],
    [-0, '-0.0'],
    [0.1, '0.1'],
    [Math.fround(0.1), '0.10000000149011612'],
    [1e21, '1e21'],
    [123_456_789_012_345_680_000, '123456789012345680000.0'],
    [1e-7, '1e-7'],
    [0.000_001, '0.000001'],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ])('writes %d as %s', (value, text) => {
    expect(formatDouble(value)).toBe(text)
  })

  it('brings every double back', () => {
    fc.assert(fc.property(fc.double(), (value) => Object.is(Number(formatDouble(value)), value)))
  })
})

describe('encodeInferResponse', () => {
  it('writes names, version, types and shapes in the order of Triton', () => {
    expect(encode(floats([1, 2], 1, 7), { ...ALL, id: 'a"b' })).toEqual({
      json: '{"id":"a\\"b","model_name":"m","model_version":"2","outputs":[{"name":"y","datatype":"FP32","shape":[1,2],"data":[1.0,7.0]}]}',
      binary: undefined,
    })
  })

  it.each([
    [
      'long integers',
      { dtype: 'int64', shape: [2], data: BigInt64Array.of(2n ** 62n + 1n, -1n) },
      '[4611686018427387905,-1]',
    ],
    ['truths', { dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) }, '[true,false]'],
    ['texts', { dtype: 'string', shape: [2], data: ['ä', '"'] }, '["ä","\\""]'],
    ['nothing', { dtype: 'uint8', shape: [0], data: new Uint8Array(0) }, '[]'],
    ['odd floats', { dtype: 'float64', shape: [2], data: Float64Array.of(Number.NaN, 1e300) }, '[NaN,1e300]'],
  ] as const)('writes %s', (_what, tensor, text) => {
    expect(dataOf(tensor as Tensor)).toBe(text)
  })

  it('puts binary outputs behind the JSON, each with its size', () => {
    const form: AnswerForm = {
      id: '',
      isBinary: true,
      outputs: [{ name: 'b', isBinary: false, classCount: 0 }],
    }
    const outputs = new Map<string, Tensor>([
      ['a', floats([1], 1)],
      ['b', floats([1], 2)],
      ['c', { dtype: 'string', shape: [1], data: ['hi'] }],
    ])
    const answer = { model: 'm', version: 1, outputs, form, classLabels: {}, signature: signatureOf('int8') }
    const { json, binary } = encodeInferResponse(answer)
    expect(JSON.parse(json)).toMatchObject({
      outputs: [
        { name: 'a', datatype: 'FP32', shape: [1], parameters: { binary_data_size: 4 } },
        { name: 'b', data: [2] },
        { name: 'c', parameters: { binary_data_size: 6 } },
      ],
    })
    expect(binary?.map((part) => [...part])).toEqual([
      [0, 0, 0x80, 0x3f],
      [2, 0, 0, 0, 0x68, 0x69],
    ])
    const first = outputs.get('a')?.data as Float32Array
    expect(binary?.[0]?.buffer).toBe(first.buffer)
    expect(textElements(outputs, form)).toBe(2)
  })

  it('has a binary part for an output without elements', () => {
    const { json, binary } = encode(floats([0, 3]), { ...ALL, isBinary: true })
    expect([json.includes('"binary_data_size":0'), binary?.length]).toEqual([true, 1])
  })
})

describe('classification', () => {
  it('gives the best classes of each row with their labels', () => {
    const { json } = encode(floats([2, 3], 0.1, 0.7, 0.2, 5, 5, -1), classes(2), { y: ['cat', 'dog'] })
    expect(JSON.parse(json).outputs).toEqual([
      {
        ...{ name: 'y', datatype: 'BYTES', shape: [2, 2] },
        data: ['0.700000:1:dog', '0.200000:2', '5.000000:0:cat', '5.000000:1:dog'],
      },
    ])
  })

  it('gives no more classes than there are, binary too, and looks for no label in the prototype', () => {
    const { json, binary } = encode(floats([1, 3], 1, 3, 2), classes(9, true), { y: [] })
    expect(JSON.parse(json).outputs[0].shape).toEqual([1, 3])
    expect(Buffer.from(binary?.[0] ?? []).toString('latin1')).toContain('3.000000:1')
  })

  it('ranks integers exactly, and what is no number last', () => {
    const longs: Tensor = { dtype: 'int64', shape: [1, 2], data: BigInt64Array.of(2n ** 53n, 2n ** 53n + 1n) }
    expect(JSON.parse(encode(longs, classes(1)).json).outputs[0].data).toEqual(['9007199254740993:1'])
    const odd = floats([1, 3], Number.NaN, Number.POSITIVE_INFINITY, -1)
    expect(JSON.parse(encode(odd, classes(3)).json).outputs[0].data).toEqual([
      'inf:1',
      '-1.000000:2',
      'nan:0',
    ])
  })
})

describe('checkAnswerForm', () => {
  const binary: AnswerForm = { ...ALL, isBinary: true }
  it.each([
    ['half floats as JSON', ALL, signatureOf('float16'), 'sending FP16 data via JSON is not supported'],
    ['half floats as binary', binary, signatureOf('float16'), 'none'],
    ['classes of half floats', classes(1), signatureOf('float16'), "unsupported type 'FP16'"],
    ['classes of texts', classes(1), signatureOf('string'), "unsupported type 'BYTES'"],
    ['classes of floats', classes(1), signatureOf('float32'), 'none'],
    [
      'an output that nobody asked for',
      { ...ALL, outputs: [{ name: 'z', isBinary: undefined, classCount: 0 }] },
      ...[signatureOf('float16'), 'none'],
    ],
  ] as const)('%s', (_what, form, signature, message) => {
    expect(refusal(() => checkAnswerForm(form, signature as Signature))).toContain(message)
  })
})
