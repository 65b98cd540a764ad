import {
  allocateData,
  DTYPES,
  type DType,
  isPlatformError,
  type NamedTensors,
  type Tensor,
} from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type InferTensorContents,
  ModelInferRequest,
  ModelInferResponse,
  ModelStreamInferResponse,
} from '../generated/grpc_service.ts'
import { OIP_DATATYPE } from '../oip/datatypes.ts'
import type { AnswerForm } from '../oip/infer-request.ts'
import { decodeRawTensor, encodeRawTensor } from '../oip/raw-tensor.ts'
import { decodeInferCall } from './decode-infer-call.ts'
import { encodeInferAnswer, encodeStreamAnswer, encodeStreamError } from './encode-infer-answer.ts'

const EMPTY: InferTensorContents = {
  ...{ boolContents: [], intContents: [], int64Contents: [], uintContents: [], uint64Contents: [] },
  ...{ fp32Contents: [], fp64Contents: [], bytesContents: [] },
}

function contentsOf({ dtype, data }: Tensor): InferTensorContents {
  const numbers = data as unknown as Iterable<number>
  const wide = data as unknown as Iterable<bigint>
  switch (dtype) {
    case 'bool':
      return { ...EMPTY, boolContents: [...numbers].map((value) => value !== 0) }
    case 'int64':
      return { ...EMPTY, int64Contents: [...wide] }
    case 'uint64':
      return { ...EMPTY, uint64Contents: [...wide] }
    case 'float32':
      return { ...EMPTY, fp32Contents: [...numbers] }
    case 'float64':
      return { ...EMPTY, fp64Contents: [...numbers] }
    case 'string':
      return { ...EMPTY, bytesContents: (data as readonly string[]).map((text) => Buffer.from(text)) }
    case 'uint8':
    case 'uint16':
    case 'uint32':
      return { ...EMPTY, uintContents: [...numbers] }
    default:
      return { ...EMPTY, intContents: [...numbers] }
  }
}

function request(tensors: NamedTensors, isRaw: boolean, more: Partial<ModelInferRequest> = {}) {
  const inputs = [...tensors].map(([name, tensor]) => ({
    ...{ name, datatype: OIP_DATATYPE[tensor.dtype], shape: tensor.shape.map(BigInt), parameters: new Map() },
    contents: isRaw ? undefined : contentsOf(tensor),
  }))
  const rawInputContents = isRaw ? [...tensors.values()].map(encodeRawTensor) : []
  return ModelInferRequest.encode({
    ...{ modelName: 'm', modelVersion: '', id: '', parameters: new Map(), inputs, outputs: [] },
    ...{ rawInputContents, ...more },
  }).finish()
}

/** A tensor of a type with any bits. */
function tensors(dtype: DType): fc.Arbitrary<Tensor> {
  if (dtype === 'string') {
    return fc
      .array(fc.string({ unit: 'grapheme' }), { maxLength: 9 })
      .map((data) => ({ dtype, shape: [data.length], data }))
  }
  const size = (allocateData(dtype, 1) as Uint8Array).byteLength
  return fc.uint8Array({ maxLength: 9 * size }).map((bytes) => {
    const whole = bytes.slice(0, bytes.length - (bytes.length % size))
    return decodeRawTensor(dtype, [whole.length / size, 1], whole)
  })
}

const bitsOf = (tensor: Tensor | undefined) => tensor && Buffer.from(encodeRawTensor(tensor)).toString('hex')

const codeOf = (bytes: Uint8Array): string => {
  try {
    decodeInferCall(bytes)
    return 'none'
  } catch (error) {
    return isPlatformError(error) ? `${error.code}: ${error.message}` : `unexpected: ${String(error)}`
  }
}

describe.each(DTYPES)('%s', (dtype) => {
  it('comes in raw as it is', () => {
    fc.assert(
      fc.property(tensors(dtype), (tensor) => {
        const { inputs } = decodeInferCall(request(new Map([['x', tensor]]), true))
        expect(inputs.get('x')).toMatchObject({ dtype, shape: tensor.shape })
        expect(bitsOf(inputs.get('x'))).toBe(bitsOf(tensor))
      }),
      { numRuns: 50 },
    )
  })

  it.each([true, false])('goes out as it is, raw: %s', (isBinary) => {
    fc.assert(
      fc.property(tensors(dtype), (tensor) => {
        const bytes = answer(new Map([['y', tensor]]), { isBinary })
        const message = ModelInferResponse.decode(bytes)
        expect(message.outputs[0]).toMatchObject({
          ...{ name: 'y', datatype: OIP_DATATYPE[dtype], shape: tensor.shape.map(BigInt) },
        })
        if (isBinary || dtype === 'float16') {
          expect(message.rawOutputContents.map((raw) => Buffer.from(raw).toString('hex'))).toEqual([
            bitsOf(tensor),
          ])
          expect(message.outputs[0]?.contents).toBeUndefined()
        } else {
          expect(message.rawOutputContents).toEqual([])
          expect(message.outputs[0]?.contents).toEqual(contentsOf(tensor))
        }
      }),
      { numRuns: 50 },
    )
  })

  if (dtype === 'float16') return
  it('comes in typed as it is', () => {
    fc.assert(
      fc.property(tensors(dtype), (tensor) => {
        const { inputs } = decodeInferCall(request(new Map([['x', tensor]]), false))
        expect(inputs.get('x')).toMatchObject({ dtype, shape: tensor.shape })
        const isFloat = dtype === 'float32' || dtype === 'float64'
        // JavaScript may change the bits of a NaN on its way through a number.
        if (isFloat) expect(inputs.get('x')?.data).toEqual(tensor.data)
        else expect(bitsOf(inputs.get('x'))).toBe(bitsOf(tensor))
      }),
      { numRuns: 50 },
    )
  })
})

function answer(outputs: NamedTensors, form: Partial<AnswerForm> = {}): Uint8Array {
  return encodeInferAnswer({
    ...{ model: 'm', version: 3, outputs, signature: { inputs: [], outputs: [] }, classLabels: {} },
    form: { id: '', outputs: undefined, isBinary: true, ...form },
  })
}

const X: Tensor = { dtype: 'int32', shape: [2], data: Int32Array.of(1, -2) }
const ONE = new Map([['x', X]])

describe('decodeInferCall', () => {
  it('reads model, version, id, outputs and parameters', () => {
    const parameter = (value: bigint) => ({ parameterChoice: { $case: 'int64Param', value } }) as const
    const bytes = request(ONE, true, {
      ...{ modelName: 'iris', modelVersion: '7', id: 'abc' },
      parameters: new Map([['timeout', parameter(1_500n)]]),
      outputs: [
        { name: 'y', parameters: new Map() },
        { name: 'z', parameters: new Map([['classification', parameter(3n)]]) },
      ],
    })
    expect(decodeInferCall(bytes)).toMatchObject({
      ...{ model: 'iris', selector: { kind: 'number', number: 7 }, timeoutMs: 1.5 },
      form: {
        ...{ id: 'abc', isBinary: true },
        outputs: [
          { name: 'y', classCount: 0 },
          { name: 'z', classCount: 3 },
        ],
      },
    })
  })

  it('takes an empty version for none, and a word for a label', () => {
    expect(decodeInferCall(request(ONE, true)).selector).toBeUndefined()
    const labelled = request(ONE, true, { modelVersion: 'canary' })
    expect(decodeInferCall(labelled).selector).toEqual({ kind: 'label', label: 'canary' })
  })

  it('answers typed where binary_data_output is off', () => {
    const off = { parameterChoice: { $case: 'boolParam', value: false } } as const
    const bytes = request(ONE, true, { parameters: new Map([['binary_data_output', off]]) })
    expect(decodeInferCall(bytes).form.isBinary).toBe(false)
  })

  it('reads elements that stand alone, and contents in parts, as well as packed ones', () => {
    const tensor = [
      ...[0x0a, 1, 0x78, 0x12, 5, ...Buffer.from('INT32'), 0x18, 3],
      ...[0x2a, 4, 0x10, 1, 0x10, 2, 0x2a, 3, 0x12, 1, 3],
    ]
    const { inputs } = decodeInferCall(Uint8Array.from([0x2a, tensor.length, ...tensor]))
    expect(inputs.get('x')).toEqual({ dtype: 'int32', shape: [3], data: Int32Array.of(1, 2, 3) })
  })

  it('goes over fields that it does not know, wherever they stand', () => {
    const known = request(ONE, false)
    const unknown = [0xf2, 0x3f, 2, 1, 1]
    const both = Uint8Array.from([...unknown, ...known, ...unknown])
    expect(decodeInferCall(both)).toEqual(decodeInferCall(known))
    const tensor = [
      ...[0x0a, 1, 0x78, 0x12, 4, ...Buffer.from('BOOL'), 0x18, 1],
      ...[0x2a, 5, 0x58, 9, 0x0a, 1, 1],
    ]
    const { inputs } = decodeInferCall(Uint8Array.from([0x2a, tensor.length, ...tensor]))
    expect(inputs.get('x')?.data).toEqual(Uint8Array.of(1))
  })

  it('gives raw numbers as views of the message where they are aligned', () => {
    const data = new Uint8Array(64)
    const bytes = request(new Map([['x', { dtype: 'uint8', shape: [64], data }]]), true)
    const view = decodeInferCall(bytes).inputs.get('x')?.data as Uint8Array
    expect(view.buffer).toBe(bytes.buffer)
  })

  const shaped = (shape: readonly bigint[], datatype = 'INT32', contents = contentsOf(X)) =>
    request(new Map(), false, {
      inputs: [{ name: 'x', datatype, shape: [...shape], parameters: new Map(), contents }],
    })
  const raw = (...parts: readonly Uint8Array[]) => ({ rawInputContents: [...parts] })
  const region = { parameterChoice: { $case: 'stringParam', value: 'r' } } as const
  it.each([
    ['bytes that are no message', Uint8Array.of(0xff), 'not valid protocol buffers'],
    ['a field of another wire type', Uint8Array.of(0x08, 1), 'another type'],
    ['fewer elements than the shape says', shaped([3n]), 'expecting 12 for INT32 [3]'],
    ['2^31 elements', shaped([2n ** 31n]), 'expecting 8589934592 for INT32'],
    ['a product beyond 2^53', shaped([2n ** 40n, 2n ** 40n]), 'too many elements'],
    ['a negative size', shaped([-1n]), 'is not a shape'],
    ['more axes than there are', shaped(Array.from({ length: 100 }, () => 1n)), 'more than 64 axes'],
    ['no datatype', shaped([2n], ''), "invalid datatype for input 'x'"],
    ['BF16', shaped([2n], 'BF16'), "'BF16' is not supported here"],
    [
      'elements in the list of another type',
      shaped([2n], 'FP32'),
      'stand in fp32_contents, not in int_contents',
    ],
    ['typed FP16', shaped([2n], 'FP16'), 'FP16 is sent in raw_input_contents only'],
    [
      'an element out of range',
      shaped([1n], 'INT8', { ...EMPTY, intContents: [128] }),
      '128 is out of the range of INT8',
    ],
    [
      'a negative element out of range',
      shaped([1n], 'INT16', { ...EMPTY, intContents: [-32_769] }),
      'out of the range',
    ],
    [
      'an unsigned element out of range',
      shaped([1n], 'UINT8', { ...EMPTY, uintContents: [256] }),
      'out of the range',
    ],
    [
      'text that is no UTF-8',
      shaped([1n], 'BYTES', { ...EMPTY, bytesContents: [Uint8Array.of(0xff)] }),
      'not UTF-8',
    ],
    [
      'fewer texts than the shape says',
      shaped([2n], 'BYTES', { ...EMPTY, bytesContents: [] }),
      '0 elements are not BYTES [2]',
    ],
    [
      'both raw and typed',
      request(ONE, false, raw(new Uint8Array(8))),
      'contents field must not be specified',
    ],
    [
      'fewer raw contents than inputs',
      request(new Map([...ONE, ['z', X]]), true, raw(new Uint8Array(8))),
      'expected 2 raw_input_contents',
    ],
    [
      'raw bytes of another length',
      request(ONE, true, raw(new Uint8Array(7))),
      'unexpected total byte size 7, expecting 8',
    ],
    [
      'a version that is no number',
      request(ONE, true, { modelVersion: '1x' }),
      'failed to get model version',
    ],
    [
      'a version beyond 2^53',
      request(ONE, true, { modelVersion: '9'.repeat(20) }),
      'failed to get model version',
    ],
    [
      'an output that is asked for twice',
      request(ONE, true, { outputs: ['y', 'y'].map((name) => ({ name, parameters: new Map() })) }),
      'requested more than once',
    ],
    [
      'a parameter of another type',
      request(ONE, true, { parameters: new Map([['timeout', region]]) }),
      "Unable to parse 'timeout'",
    ],
  ])('refuses %s', (_what, bytes, text) => {
    const code = codeOf(bytes)
    expect(code).toContain('request.malformed')
    expect(code).toContain(text)
  })

  it('refuses an input that stands twice', () => {
    const bytes = request(ONE, false)
    expect(codeOf(Uint8Array.from([...bytes, ...bytes]))).toContain("input 'x' already exists in request")
  })

  it('refuses shared memory as something that is not there', () => {
    const input = {
      ...{ name: 'x', datatype: 'INT32', shape: [2n], contents: undefined },
      parameters: new Map([['shared_memory_region', region]]),
    }
    expect(codeOf(request(new Map(), false, { inputs: [input] }))).toContain('request.unsupported')
  })

  it('never fails but with a registered error, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(codeOf(bytes)).toMatch(/^(none$|request\.(malformed|unsupported))/)
      }),
      { numRuns: 3_000 },
    )
  })

  it('never fails but with a registered error, whatever is changed in a message', () => {
    const valid = DTYPES.filter((dtype) => dtype !== 'float16').map((dtype) => {
      const data = dtype === 'string' ? ['ab', 'c'] : allocateData(dtype, 2)
      return request(new Map([['x', { dtype, shape: [2], data }]]), false)
    })
    const change = fc.record({ at: fc.nat(), byte: fc.nat(255), isCut: fc.boolean() })
    fc.assert(
      fc.property(fc.constantFrom(...valid), fc.array(change, { maxLength: 4 }), (message, changes) => {
        let bytes = Uint8Array.from(message)
        for (const { at, byte, isCut } of changes) {
          const place = at % Math.max(1, bytes.length)
          if (isCut) bytes = bytes.slice(0, place)
          else bytes[place] = byte
        }
        expect(codeOf(bytes)).toMatch(/^(none$|request\.(malformed|unsupported))/)
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('encodeInferAnswer', () => {
  it('writes model, version and id, outputs in order, and no id where there was none', () => {
    const outputs = new Map([
      ['b', X],
      ['a', X],
    ])
    const message = ModelInferResponse.decode(answer(outputs, { id: '5' }))
    expect(message).toMatchObject({ modelName: 'm', modelVersion: '3', id: '5' })
    expect(message.outputs.map(({ name }) => name)).toEqual(['b', 'a'])
    expect(ModelInferResponse.decode(answer(outputs)).id).toBe('')
  })

  it('writes classes instead of the tensor where a request asks for them', () => {
    const scores: Tensor = { dtype: 'float32', shape: [1, 3], data: Float32Array.of(0.1, 0.7, 0.2) }
    const bytes = encodeInferAnswer({
      ...{ model: 'm', version: 3, outputs: new Map([['y', scores]]), classLabels: { y: ['a', 'b', 'c'] } },
      signature: { inputs: [], outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 3] }] },
      form: { id: '', isBinary: true, outputs: [{ name: 'y', isBinary: undefined, classCount: 2 }] },
    })
    const { outputs, rawOutputContents } = ModelInferResponse.decode(bytes)
    expect(outputs[0]).toMatchObject({ datatype: 'BYTES', shape: [1n, 2n] })
    expect(decodeRawTensor('string', [2], rawOutputContents[0] ?? new Uint8Array()).data).toEqual([
      '0.700000:1:b',
      '0.200000:2:c',
    ])
  })

  it('writes the same within a stream, and errors with the id of their request', () => {
    const form = { id: '9', outputs: undefined, isBinary: true }
    const parts = { model: 'm', version: 3, outputs: ONE, signature: { inputs: [], outputs: [] } }
    const streamed = ModelStreamInferResponse.decode(encodeStreamAnswer({ ...parts, form, classLabels: {} }))
    expect(streamed.errorMessage).toBe('')
    expect(streamed.inferResponse).toEqual(ModelInferResponse.decode(answer(ONE, { id: '9' })))
    const failed = ModelStreamInferResponse.decode(encodeStreamError('no', '9'))
    expect(failed).toMatchObject({ errorMessage: 'no', inferResponse: { id: '9', outputs: [] } })
  })
})
