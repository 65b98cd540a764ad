import { DTYPES, type DType, isPlatformError, type Signature, type Tensor } from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OIP_DATATYPE } from './datatypes.ts'
import { decodeInferRequest, type InferContext, parseHeaderLength } from './decode-infer-request.ts'
import { encodeRawTensor } from './raw-tensor.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const signatureOf = (dtype: DType, shape: Signature['inputs'][number]['shape'] = ['N']): Signature => ({
  inputs: [{ name: 'x', dtype, shape }],
  outputs: [],
})
const context = (headerLength?: number, signature = signatureOf('float32')): InferContext => ({
  ...{ headerLength, model: 'm', signature },
})
const decode = (text: string) => decodeInferRequest(bytes(text), context())
const withData = (datatype: string, shape: string, data: string) =>
  `{"inputs":[{"name":"x","shape":${shape},"datatype":"${datatype}","data":${data}}]}`
const tensorOf = (datatype: string, shape: string, data: string) =>
  decode(withData(datatype, shape, data)).inputs.get('x')

const refusal = (call: () => unknown): string => {
  try {
    call()
    return 'accepted'
  } catch (error) {
    return isPlatformError(error) ? `${error.code}: ${error.message}` : `not registered: ${String(error)}`
  }
}

/** Any tensor of a type, with up to three axes. */
function tensors(dtype: DType): fc.Arbitrary<Tensor> {
  const element: Partial<Record<DType, fc.Arbitrary<unknown>>> = {
    float32: fc.float(),
    float64: fc.double(),
    float16: fc.nat(0xffff),
    int8: fc.integer({ min: -128, max: 127 }),
    int16: fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }),
    int32: fc.integer(),
    int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    uint8: fc.nat(255),
    uint16: fc.nat(0xffff),
    uint32: fc.nat(2 ** 32 - 1),
    uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    bool: fc.nat(1),
    string: fc.string({ unit: 'grapheme' }),
  }
  const stores = {
    ...{ float32: Float32Array, float64: Float64Array, float16: Uint16Array, int8: Int8Array },
    ...{ int16: Int16Array, int32: Int32Array, int64: BigInt64Array, uint8: Uint8Array },
    ...{ uint16: Uint16Array, uint32: Uint32Array, uint64: BigUint64Array, bool: Uint8Array },
  }
  return fc.array(fc.nat(4), { maxLength: 3 }).chain((shape) => {
    const elements = shape.reduce((count, size) => count * size, 1)
    const values = fc.array(element[dtype] ?? fc.nat(), { minLength: elements, maxLength: elements })
    return values.map((list) => ({
      ...{ dtype, shape },
      data:
        dtype === 'string' ? (list as string[]) : (stores[dtype] as typeof Int8Array).from(list as number[]),
    }))
  })
}

/** As a client writes it: `-0`, NaN and 64-bit integers included. */
function jsonText({ dtype, data }: Tensor): string {
  const text = (value: unknown) => (Object.is(value, -0) ? '-0.0' : String(value))
  if (dtype === 'string') return JSON.stringify(data)
  const list = Array.from(data as ArrayLike<unknown>)
  return `[${list.map((value) => (dtype === 'bool' ? String(value === 1) : text(value))).join(',')}]`
}

describe('JSON inputs', () => {
  it.each(DTYPES.filter((dtype) => dtype !== 'float16'))('brings every %s tensor back', (dtype) => {
    fc.assert(
      fc.property(tensors(dtype), (tensor) => {
        const shape = JSON.stringify(tensor.shape)
        const text = withData(OIP_DATATYPE[dtype], shape, jsonText(tensor))
        expect(decode(text).inputs.get('x')).toEqual(tensor)
      }),
      { numRuns: 40 },
    )
  })

  it.each([
    ['flat', '[1,2,3,4]'],
    ['nested', '[[1,2],[3,4]]'],
    ['nested deeper than the shape', '[[[1],[2]],[[3],[4]]]'],
    ['nested by halves', '[1,2,[3,4]]'],
    ['spread over lines', '\n[ [1 ,\t2] , [3, 4 ] ]\r\n'],
    ['written with points and powers', '[1.0,20e-1,0.3E+1,4]'],
    ['written with more digits than a float has', '[1.00000000000000000001,2,3.0000000000000000000,4]'],
  ])('reads data that is %s in row-major order', (_how, data) => {
    expect(tensorOf('FP32', '[2,2]', data)).toEqual({
      ...{ dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
    })
  })

  it('reads long lists of every number as JSON.parse does', () => {
    const values = fc.array(fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer()), {
      maxLength: 100,
    })
    fc.assert(
      fc.property(values, (list) => {
        const text = JSON.stringify(list)
        const parsed = JSON.parse(text) as number[]
        const shape = `[${list.length}]`
        expect(tensorOf('FP64', shape, text)?.data).toEqual(Float64Array.from(parsed))
        expect(tensorOf('FP32', shape, text)?.data).toEqual(Float32Array.from(parsed))
      }),
    )
  })

  it('keeps every digit of 64-bit integers, in long lists too', () => {
    const list = Array.from({ length: 3_000 }, (_, at) => BigInt(at) * 3_074_457_345_618_258n - 2n ** 62n)
    expect(tensorOf('INT64', '[3000]', `[${list.join(',')}]`)?.data).toEqual(BigInt64Array.from(list))
    const small = Array.from({ length: 3_000 }, (_, at) => BigInt(at - 1_500) * 4_294_967_297n)
    expect(tensorOf('INT64', '[3000]', `[${small.join(',')}]`)?.data).toEqual(BigInt64Array.from(small))
    expect(tensorOf('UINT64', '[2]', '[18446744073709551615, 9007199254740993]')?.data).toEqual(
      BigUint64Array.of(2n ** 64n - 1n, 2n ** 53n + 1n),
    )
  })

  it('does not mind the order of members', () => {
    const { inputs } = decode(
      '{"inputs":[{"data":[[1,2]],"datatype":"INT32","name":"x","shape":[2]},{"data":["a"],"shape":[1],"datatype":"BYTES","name":"y"}],"id":"z"}',
    )
    expect([...inputs]).toEqual([
      ['x', { dtype: 'int32', shape: [2], data: Int32Array.of(1, 2) }],
      ['y', { dtype: 'string', shape: [1], data: ['a'] }],
    ])
  })

  it('reads an empty tensor and a scalar', () => {
    expect(tensorOf('FP32', '[0,3]', '[]')?.data).toHaveLength(0)
    expect(tensorOf('FP32', '[]', '[5]')).toEqual({ dtype: 'float32', shape: [], data: Float32Array.of(5) })
  })

  it.each([
    ['fewer elements', 'FP32', '[3]', '[1,2]', 'Shape does not match'],
    ['more elements', 'FP32', '[1]', '[1,2]', 'Shape does not match'],
    ['more elements behind a list', 'INT64', '[1]', '[[1],2]', 'Shape does not match'],
    ['2^31 elements', 'FP32', '[2147483648]', '[1]', 'Shape does not match'],
    ['2^62 elements', 'BYTES', '[2147483648,2147483648]', '["a"]', 'Shape does not match'],
    [
      'a negative size',
      'FP32',
      '[2,-5]',
      '[1]',
      "Unable to parse 'shape': attempt to access JSON non-unsigned",
    ],
    ['a broken size', 'FP32', '[1.5]', '[1]', "Unable to parse 'shape'"],
    ['a size that is a text', 'FP32', '["2"]', '[1,2]', "Unable to parse 'shape'"],
    [
      'a shape that is no list',
      'FP32',
      '2',
      '[1,2]',
      "Unable to parse 'shape': attempt to access JSON non-array",
    ],
    ['data that is no list', 'FP32', '[1]', '1', "Unable to parse 'data': attempt to access JSON non-array"],
    ['FP16 as numbers', 'FP16', '[1]', '[1]', 'receiving FP16 data via JSON is not supported'],
    ['an unknown type', 'BF16', '[1]', '[1]', 'invalid datatype'],
    [
      'a text among numbers',
      'FP32',
      '[2]',
      '[1,"2"]',
      "attempt to access JSON non-number as double (input 'x')",
    ],
    ['null', 'FP64', '[1]', '[null]', 'attempt to access JSON non-number as double'],
    ['an object', 'BYTES', '[1]', '[{"b64":"YQ=="}]', 'attempt to access JSON non-string as string'],
    ['a number for a truth', 'BOOL', '[1]', '[1]', 'attempt to access JSON non-boolean as boolean'],
    ['a broken integer', 'INT32', '[1]', '[1.0]', 'attempt to access JSON non-signed-integer'],
    ['a negative unsigned one', 'UINT8', '[1]', '[-1]', 'attempt to access JSON non-unsigned-integer'],
    ['an integer out of range', 'INT8', '[1]', '[128]', 'out of range of int8'],
    ['one beyond 64 bits', 'UINT64', '[1]', '[18446744073709551616]', 'out of range of uint64'],
    ['NaN for an integer', 'INT64', '[1]', '[NaN]', 'attempt to access JSON non-signed-integer'],
    ['a comma too much', 'FP32', '[3]', '[1,2,]', 'failed to parse the request JSON buffer'],
    ['a list that does not end', 'FP32', '[2]', '[1,2', 'failed to parse the request JSON buffer'],
    ['a number too large', 'FP64', '[1]', '[1e400]', 'Number too big'],
    ['65 axes', 'FP32', `[${'1,'.repeat(64)}1]`, '[1]', "Unable to parse 'shape'"],
    ['lists nested too deep', 'FP32', '[1]', `${'['.repeat(70)}1${']'.repeat(70)}`, 'Nesting is too deep'],
  ])('refuses %s', (_what, datatype, shape, data, message) => {
    const said = refusal(() => tensorOf(datatype, shape, data))
    expect(said).toContain('request.malformed')
    expect(said).toContain(message)
  })
})

describe('documents', () => {
  it.each([
    ['nothing', '', 'The document is empty. at 0'],
    ['no JSON', 'x', 'failed to parse the request JSON buffer: Invalid value. at 0'],
    ['a list', '[]', 'attempt to access JSON non-object as object'],
    ['no inputs', '{}', "Unable to parse 'inputs'"],
    ['inputs that are no list', '{"inputs":{}}', "Unable to parse 'inputs'"],
    ['an input that is no object', '{"inputs":[1]}', "Unable to parse 'inputs'"],
    [
      'an input without a name',
      '{"inputs":[{"shape":[1],"datatype":"FP32","data":[1]}]}',
      "Unable to parse 'name'",
    ],
    [
      'an input without a type',
      '{"inputs":[{"name":"x","shape":[1],"data":[1]}]}',
      "Unable to parse 'datatype'",
    ],
    [
      'an input without a shape',
      '{"inputs":[{"name":"x","datatype":"FP32","data":[1]}]}',
      "Unable to parse 'shape'",
    ],
    [
      'an input without data',
      '{"inputs":[{"name":"x","shape":[1],"datatype":"FP32"}]}',
      'But no field is set',
    ],
    [
      'an input with two sources of data',
      '{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1],"parameters":{"binary_data_size":4}}]}',
      "But set 'data' 'binary_data_size'",
    ],
    [
      'an input twice',
      '{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]},{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]}',
      "input 'x' already exists in request",
    ],
    ['a very long id', `{"inputs":[],"id":"${'x'.repeat(4_097)}"}`, "Unable to parse 'id'"],
    ['very many outputs', `{"inputs":[],"outputs":[${'1,'.repeat(4_096)}1]}`, 'more than 4096 of them'],
    ['a member twice', '{"inputs":[],"inputs":[]}', "'inputs' stands twice"],
    [
      'an output twice',
      '{"inputs":[],"outputs":[{"name":"y"},{"name":"y"}]}',
      "output 'y' is requested more than once",
    ],
    ['an output without a name', '{"inputs":[],"outputs":[{}]}', "Unable to parse 'name'"],
    ['an id that is no text', '{"inputs":[],"id":5}', "Unable to parse 'id'"],
    ['something behind it', '{"inputs":[]} x', 'must not be followed by other values'],
    [
      'a timeout that is no number',
      '{"inputs":[],"parameters":{"timeout":"1"}}',
      "Unable to parse 'timeout'",
    ],
    ['a negative priority', '{"inputs":[],"parameters":{"priority":-1}}', "Unable to parse 'priority'"],
    ['parameters that are no object', '{"inputs":[],"parameters":[]}', "Unable to parse 'parameters'"],
    [
      'a parameter of the server',
      '{"inputs":[],"parameters":{"triton_x":1}}',
      'are reserved for Triton usage',
    ],
    [
      'a parameter that is a list',
      '{"inputs":[],"parameters":{"mine":[1]}}',
      "parameter 'mine' has invalid type",
    ],
    [
      'a class count that is none',
      '{"inputs":[],"outputs":[{"name":"y","parameters":{"classification":-1}}]}',
      "Unable to parse 'classification'",
    ],
  ])('refuses %s', (_what, text, message) => {
    const said = refusal(() => decode(text))
    expect(said).toContain('request.malformed')
    expect(said).toContain(message)
  })

  it('refuses shared memory as unsupported', () => {
    const input = '{"name":"x","shape":[1],"datatype":"FP32","parameters":{"shared_memory_region":"r"}}'
    expect(refusal(() => decode(`{"inputs":[${input}]}`))).toContain('request.unsupported')
  })

  it('reads id, outputs and parameters', () => {
    const request = decode(
      '{"id":"42","parameters":{"priority":1,"timeout":5000,"sequence_id":7,"sequence_start":true,"sequence_end":false,"binary_data_output":true,"mine":"x"},"inputs":[],"outputs":[{"name":"a","parameters":{"binary_data":false}},{"name":"b","parameters":{"classification":3}},{"name":"c"}],"more":[1,{}]}',
    )
    expect(request.timeoutMs).toBe(5)
    expect(request.form).toEqual({
      id: '42',
      isBinary: true,
      outputs: [
        { name: 'a', isBinary: false, classCount: 0 },
        { name: 'b', isBinary: undefined, classCount: 3 },
        { name: 'c', isBinary: undefined, classCount: 0 },
      ],
    })
    expect(decode('{"inputs":[],"outputs":[],"parameters":{"timeout":0}}')).toMatchObject({
      ...{ timeoutMs: undefined, form: { id: '', outputs: undefined, isBinary: false } },
    })
  })
})

describe('binary inputs', () => {
  const binaryBody = (inputs: readonly (readonly [string, Tensor])[], shift = 0) => {
    const raw = inputs.map(([, tensor]) => encodeRawTensor(tensor))
    const declared = inputs.map(([name, { dtype, shape }], at) => ({
      ...{ name, shape, datatype: OIP_DATATYPE[dtype], parameters: { binary_data_size: raw[at]?.length } },
    }))
    const head = Buffer.from(`${JSON.stringify({ inputs: declared })}${' '.repeat(shift)}`)
    return { body: new Uint8Array(Buffer.concat([head, ...raw])), headerLength: head.length }
  }

  it.each(DTYPES)('brings every %s tensor back, behind another one', (dtype) => {
    fc.assert(
      fc.property(tensors(dtype), tensors(dtype), fc.nat(7), (first, second, shift) => {
        const { body, headerLength } = binaryBody(
          [
            ['a', first],
            ['b', second],
          ],
          shift,
        )
        const signature = {
          inputs: [
            { name: 'a', dtype, shape: [] },
            { name: 'b', dtype, shape: [] },
          ],
          outputs: [],
        }
        const { inputs } = decodeInferRequest(body, context(headerLength, signature))
        expect([...inputs]).toEqual([
          ['a', first],
          ['b', second],
        ])
      }),
      { numRuns: 40 },
    )
  })

  it('looks at aligned numbers where they are', () => {
    const tensor: Tensor = { dtype: 'float32', shape: [4], data: new Float32Array(4) }
    for (let shift = 0; shift < 4; shift += 1) {
      const { body, headerLength } = binaryBody([['x', tensor]], shift)
      const data = decodeInferRequest(body, context(headerLength)).inputs.get('x')?.data as Float32Array
      expect(data.buffer === body.buffer).toBe(headerLength % 4 === 0)
    }
  })

  it('reads texts only where the model takes some', () => {
    const tensor: Tensor = { dtype: 'string', shape: [1], data: ['a'] }
    const { body, headerLength } = binaryBody([['x', tensor]])
    expect(refusal(() => decodeInferRequest(body, context(headerLength)))).toContain(
      "onnx.input_type_mismatch: inference input 'x' data-type is 'BYTES', but model 'm' expects 'FP32'",
    )
    const { body: other, headerLength: length } = binaryBody([['z', tensor]])
    expect(refusal(() => decodeInferRequest(other, context(length)))).toContain(
      "onnx.input_unknown: unexpected inference input 'z' for model 'm'",
    )
  })

  it('mixes JSON and binary inputs', () => {
    const head =
      '{"inputs":[{"name":"a","shape":[2],"datatype":"UINT8","parameters":{"binary_data_size":2}},{"name":"b","shape":[1],"datatype":"INT32","data":[7]}]}'
    const body = new Uint8Array(Buffer.concat([Buffer.from(head), Buffer.of(1, 2)]))
    expect(
      [...decodeInferRequest(body, context(head.length)).inputs.values()].map(({ data }) => data),
    ).toEqual([...[Uint8Array.of(1, 2), Int32Array.of(7)]])
  })

  const declared = (size: number, shape = '[2]') =>
    `{"inputs":[{"name":"x","shape":${shape},"datatype":"FP32","parameters":{"binary_data_size":${size}}}]}`
  it.each([
    ['a header length beyond the body', declared(8), 500, 8, 'inference header size should be in range'],
    ['a header length inside the JSON', declared(8), 20, 8, 'failed to parse the request JSON buffer'],
    [
      'a header length inside the data',
      declared(8),
      declared(8).length + 3,
      8,
      'must not be followed by other values',
    ],
    ['no header length', declared(8), undefined, 0, 'expecting 8 additional bytes'],
    [
      'data cut short',
      declared(8),
      declared(8).length,
      7,
      "unexpected size for input 'x', expecting 1 additional bytes for model 'm'",
    ],
    ['data left over', declared(8), declared(8).length, 9, "unexpected additional input data for model 'm'"],
    [
      'a size that is not that of the shape',
      declared(4),
      declared(4).length,
      4,
      'unexpected total byte size 4, expecting 8',
    ],
    [
      '2^31 elements',
      declared(8, '[2147483648]'),
      declared(8, '[2147483648]').length,
      8,
      'unexpected total byte size 8',
    ],
    [
      'sizes beyond 2^53',
      declared(8, '[9007199254740991,8]'),
      declared(8, '[9007199254740991,8]').length,
      8,
      'too many elements',
    ],
    ['a negative data size', declared(-8), declared(-8).length, 8, "Unable to parse 'binary_data_size'"],
  ])('refuses %s', (_what, head, headerLength, size, message) => {
    const body = new Uint8Array(Buffer.concat([Buffer.from(head), Buffer.alloc(size, 'x')]))
    const said = refusal(() => decodeInferRequest(body, context(headerLength)))
    expect(said).toContain('request.malformed')
    expect(said).toContain(message)
  })

  it.each([
    ['12', 12],
    [' 0 ', 0],
    [undefined, undefined],
  ])('reads the header length %j', (text, length) => {
    expect(parseHeaderLength(text)).toBe(length)
  })

  it.each(['', '-1', '1.5', '0x10', 'ten', '99999999999999999999', '1, 2'])(
    'refuses the header length "%s"',
    (text) => {
      expect(refusal(() => parseHeaderLength(text))).toContain(
        'Unable to parse Inference-Header-Content-Length',
      )
    },
  )
})

describe('raw requests', () => {
  const raw = (signature: Signature, body: Uint8Array) => decodeInferRequest(body, context(0, signature))

  it.each([
    ['a fixed shape', ['N', 2], 8, [1, 2]],
    ['one open size', [-1, 'N'], 12, undefined],
    ['one open size at the end', [1, 'N'], 12, [1, 3]],
    ['the batch and one open size', ['N', 'M'], 12, [1, 3]],
    ['several rows of a batch', ['N', 2], 24, [3, 2]],
    ['a scalar', [], 4, []],
  ] as const)('deduces the shape from the bytes: %s', (_what, shape, size, expected) => {
    const call = () => raw(signatureOf('float32', [...shape]), new Uint8Array(size)).inputs.get('x')?.shape
    if (expected === undefined) expect(refusal(call)).toContain('request.malformed')
    else expect(call()).toEqual(expected)
  })

  it('asks for binary outputs, and takes a text as it is', () => {
    const { inputs, form } = raw(signatureOf('string', ['N', 1]), bytes('hello'))
    expect([...inputs]).toEqual([['x', { dtype: 'string', shape: [1, 1], data: ['hello'] }]])
    expect(form).toEqual({ id: '', outputs: undefined, isBinary: true })
  })

  it.each([
    ['bytes that are no whole row', signatureOf('float32', ['N', 2]), 12],
    ['bytes that are no whole element', signatureOf('float32'), 3],
    ['a fixed shape of another size', signatureOf('float32', [4]), 8],
    ['two open sizes', signatureOf('float32', [2, 'A', 'B']), 8],
    ['a list of texts', signatureOf('string', ['N', 2]), 8],
    [
      'a model of two inputs',
      { inputs: [...signatureOf('int8').inputs, ...signatureOf('int8').inputs], outputs: [] },
      2,
    ],
    ['a model of no inputs', { inputs: [], outputs: [] }, 0],
  ] as const)('refuses %s', (_what, signature, size) => {
    expect(refusal(() => raw(signature, new Uint8Array(size)))).toContain('request.malformed')
  })
})

describe('hostile bytes', () => {
  const sound = bytes(
    '{"id":"1","parameters":{"timeout":5},"inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","data":[[1,2.5],[3e2,-4]]},{"name":"y","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":5}}],"outputs":[{"name":"z","parameters":{"binary_data":true}}]}\u0001\u0000\u0000\u0000a',
  )
  const texts: Signature = { inputs: [{ name: 'y', dtype: 'string', shape: ['N'] }], outputs: [] }
  const isKnown = (body: Uint8Array, headerLength: number | undefined): void => {
    const said = refusal(() => decodeInferRequest(body, context(headerLength, texts)))
    expect(said).toMatch(/^(accepted|request\.|onnx\.input_)/)
  }

  it('never fail but with a registered error, when they are any', () => {
    const length = fc.option(fc.nat(300), { nil: undefined })
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), length, isKnown), { numRuns: 300 })
  })

  it('never fail but with a registered error, when they are nearly sound', () => {
    const change = fc.tuple(fc.nat(sound.length - 1), fc.nat(255))
    const length = fc.constantFrom(undefined, 0, sound.length - 5, sound.length - 4, sound.length)
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 6 }),
        fc.nat(sound.length),
        length,
        (changes, cut, header) => {
          const body = sound.slice(0, cut === 0 ? sound.length : cut)
          for (const [at, byte] of changes) if (at < body.length) body[at] = byte
          isKnown(body, header)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('never fail but with a registered error, when they are any JSON', () => {
    fc.assert(fc.property(fc.json(), (text) => isKnown(bytes(text), undefined)))
    fc.assert(
      fc.property(fc.json(), (text) =>
        isKnown(bytes(`{"inputs":[{"name":"x","shape":[1],"datatype":"INT64","data":${text}}]}`), undefined),
      ),
    )
  })

  it('name nothing of Object when they name members', () => {
    const text =
      '{"inputs":[{"name":"__proto__","shape":[1],"datatype":"INT8","data":[1]}],"__proto__":{"inputs":[]}}'
    expect([...decode(text).inputs.keys()]).toEqual(['__proto__'])
  })
})
