import {
  allocateData,
  DTYPES,
  type DType,
  elementCount,
  isPlatformError,
  type Tensor,
} from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TensorProto } from '../generated/tensorflow/core/framework/tensor.ts'
import { WireReader } from '../grpc/wire-reader.ts'
import { WireWriter } from '../grpc/wire-writer.ts'
import { encodeRawTensor } from '../oip/raw-tensor.ts'
import { TensorProtoReader } from './read-tensor-proto.ts'
import { TENSOR_TYPES } from './tensor-types.ts'
import { writeTensorProto } from './write-tensor-proto.ts'

const EMPTY = TensorProto.decode(new Uint8Array())

/** Generated code writes what is read, and reads what is written: it shares nothing with either. */
function proto(dtype: number, shape: readonly number[], more: Partial<TensorProto> = {}): TensorProto {
  return {
    ...EMPTY,
    dtype: dtype as TensorProto['dtype'],
    tensorShape: { dim: shape.map((size) => ({ size: BigInt(size), name: '' })), unknownRank: false },
    ...more,
  }
}

const bytesOf = (message: TensorProto) => TensorProto.encode(message).finish()

/** @param align where the bytes begin in their memory */
function read(bytes: Uint8Array, align = 0, takeRoom: (sizeBytes: number) => void = () => {}): Tensor {
  const memory = new Uint8Array(bytes.length + align)
  memory.set(bytes, align)
  return new TensorProtoReader(new WireReader(memory.subarray(align)), takeRoom).read()
}

function listOf(dtype: DType, data: ArrayLike<unknown>): Partial<TensorProto> {
  const values = Array.from(data)
  const numbers = values as number[]
  switch (dtype) {
    case 'float32':
      return { floatVal: numbers }
    case 'float64':
      return { doubleVal: numbers }
    case 'float16':
      return { halfVal: numbers }
    case 'int64':
      return { int64Val: values as bigint[] }
    case 'uint64':
      return { uint64Val: values as bigint[] }
    case 'uint32':
      return { uint32Val: numbers }
    case 'bool':
      return { boolVal: numbers.map((value) => value === 1) }
    case 'string':
      return { stringVal: (values as string[]).map((text) => Buffer.from(text)) }
    default:
      return { intVal: numbers }
  }
}

const INTEGERS: Partial<Record<DType, readonly [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32_768, 32_767],
  uint16: [0, 65_535],
  float16: [0, 65_535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  bool: [0, 1],
}

function elementsOf(dtype: DType): fc.Arbitrary<unknown> {
  if (dtype === 'string') return fc.string({ unit: 'grapheme' })
  if (dtype === 'int64') return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  if (dtype === 'uint64') return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
  if (dtype === 'float32') return fc.float()
  if (dtype === 'float64') return fc.double()
  const [min, max] = INTEGERS[dtype] ?? [0, 0]
  return fc.integer({ min, max })
}

function tensorsOf(dtype: DType): fc.Arbitrary<Tensor> {
  const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 })
  return shapes.chain((shape) => {
    const length = elementCount(shape)
    return fc.array(elementsOf(dtype), { minLength: length, maxLength: length }).map((values) => {
      if (dtype === 'string') return { dtype, shape, data: values as string[] }
      const data = allocateData(dtype, length)
      for (const [index, value] of values.entries()) (data as Record<number, unknown>)[index] = value
      return { dtype, shape, data }
    })
  })
}

/** Lengths of all strings, then the strings. */
function stringContent(strings: readonly string[]): Uint8Array {
  const writer = new WireWriter()
  for (const text of strings) writer.uint32(Buffer.byteLength(text))
  return Buffer.concat([writer.finish(), ...strings.map((text) => Buffer.from(text))])
}

function contentOf(tensor: Tensor): Uint8Array {
  return tensor.dtype === 'string' ? stringContent(tensor.data as readonly string[]) : encodeRawTensor(tensor)
}

function mistakeIn(message: TensorProto): string {
  try {
    read(bytesOf(message))
    return 'accepted'
  } catch (error) {
    if (!isPlatformError(error)) throw error
    return `${error.code}: ${error.message}`
  }
}

describe.each(DTYPES)('a tensor of %s', (dtype) => {
  const { dataType } = TENSOR_TYPES[dtype]

  it('is the same from tensor_content and from its list, wherever the bytes lie', () => {
    fc.assert(
      fc.property(tensorsOf(dtype), fc.integer({ min: 0, max: 8 }), (tensor, align) => {
        const content = bytesOf(proto(dataType, tensor.shape, { tensorContent: contentOf(tensor) }))
        const list = bytesOf(proto(dataType, tensor.shape, listOf(dtype, tensor.data)))
        expect(read(content, align)).toEqual(tensor)
        expect(read(list, align)).toEqual(tensor)
      }),
      { numRuns: 60 },
    )
  })

  it('is written as its list, which generated code and this codec read alike', () => {
    fc.assert(
      fc.property(tensorsOf(dtype), (tensor) => {
        const writer = new WireWriter()
        writeTensorProto(writer, tensor)
        const bytes = writer.finish()
        const expected = proto(dataType, tensor.shape, listOf(dtype, tensor.data))
        expect(TensorProto.decode(Uint8Array.from(bytes))).toEqual(TensorProto.decode(bytesOf(expected)))
        expect(read(bytes)).toEqual(tensor)
      }),
      { numRuns: 60 },
    )
  })

  it('is filled with the last element of a list that is shorter, and with zeros without one', () => {
    const blank = allocateData(dtype, 1)[0]
    const sample = dtype === 'string' ? ['a', 'bé'] : dtype.endsWith('int64') ? [0n, 1n] : [0, 1]
    const [first, last] = sample
    expect([...read(bytesOf(proto(dataType, [2, 2]))).data]).toEqual([blank, blank, blank, blank])
    expect([...read(bytesOf(proto(dataType, [2, 2], listOf(dtype, [last])))).data]).toEqual([
      last,
      last,
      last,
      last,
    ])
    expect([...read(bytesOf(proto(dataType, [4], listOf(dtype, sample)))).data]).toEqual([
      first,
      last,
      last,
      last,
    ])
    expect([...read(bytesOf(proto(dataType, [1], listOf(dtype, sample)))).data]).toEqual([first])
    expect(read(bytesOf(proto(dataType, [], listOf(dtype, [last]))))).toMatchObject({ shape: [] })
  })
})

describe('a list', () => {
  it('may stand in parts, and element by element', () => {
    const header = bytesOf(proto(3, [3]))
    const writer = new WireWriter()
    writer.tag(7, 0)
    writer.uint32(5)
    const packed = bytesOf({ ...EMPTY, intVal: [6, 7] })
    expect([...read(Buffer.concat([writer.finish(), header, packed])).data]).toEqual([5, 6, 7])
    const float = new WireWriter()
    float.tag(5, 5)
    float.float32(1.5)
    expect([...read(Buffer.concat([bytesOf(proto(1, [2])), float.finish()])).data]).toEqual([1.5, 1.5])
  })

  it('holds 8- and 16-bit integers with or without their sign, and nothing larger', () => {
    expect([...read(bytesOf(proto(4, [2], { intVal: [-1, 255] }))).data]).toEqual([255, 255])
    expect([...read(bytesOf(proto(6, [2], { intVal: [-1, 255] }))).data]).toEqual([-1, -1])
    expect([...read(bytesOf(proto(17, [2], { intVal: [-1, 65_535] }))).data]).toEqual([65_535, 65_535])
    expect(mistakeIn(proto(4, [1], { intVal: [300] }))).toContain('300 is out of the range of uint8')
    expect(mistakeIn(proto(5, [1], { intVal: [70_000] }))).toContain('70000 is out of the range of int16')
  })

  it('gives half floats by their lowest 16 bits', () => {
    expect([...read(bytesOf(proto(19, [2], { halfVal: [0x3c00, -0x4400] }))).data]).toEqual([0x3c00, 0xbc00])
  })
})

describe('what is refused', () => {
  const malformed = (text: string) => `request.malformed: ${text}`
  it.each([
    ['no dtype', proto(0, [1]), malformed('it has no dtype')],
    ['bfloat16', proto(14, [1]), malformed('DT_BFLOAT16 is not supported here')],
    ['complex', proto(8, [1]), malformed('DT_COMPLEX64 is not supported here')],
    ['quantized', proto(12, [1]), malformed('DT_QUINT8 is not supported here')],
    ['resource', proto(20, [1]), malformed('DT_RESOURCE is not supported here')],
    ['variant', proto(21, [1]), malformed('DT_VARIANT is not supported here')],
    ['a reference', proto(101, [1]), malformed('DataType 101 is not supported here')],
    ['a negative size', proto(1, [2, -1]), malformed('[2,-1] is not a shape')],
    [
      'an unknown rank',
      proto(1, [], { tensorShape: { dim: [], unknownRank: true } }),
      malformed('its shape has no known rank'),
    ],
    [
      'a product beyond 2^53',
      proto(1, [2 ** 40, 2 ** 40]),
      malformed('a tensor of shape [1099511627776,1099511627776] is too large'),
    ],
    ['65 axes', proto(1, new Array<number>(65).fill(1)), malformed('its shape has more than 64 axes')],
    [
      'too little content',
      proto(1, [2], { tensorContent: new Uint8Array(7) }),
      malformed('unexpected total byte size 7, expecting 8 for FP32 [2]'),
    ],
    [
      'elements of another type',
      proto(3, [1], { floatVal: [1] }),
      malformed('elements of int32 stand in int_val, not in float_val'),
    ],
    [
      'numbers for strings',
      proto(7, [1], { intVal: [1] }),
      malformed('elements of string stand in string_val, not in int_val'),
    ],
    [
      'strings for numbers',
      proto(1, [1], { stringVal: [Buffer.from('1')] }),
      malformed('elements of float32 stand in float_val, not in string_val'),
    ],
    [
      'bytes that are no text',
      proto(7, [2], { stringVal: [Buffer.from('a'), Buffer.from([0xff])] }),
      malformed('string 1 is not UTF-8; string inputs hold text'),
    ],
    [
      'content that is no text',
      proto(7, [1], { tensorContent: Buffer.from([1, 0xff]) }),
      malformed('string 0 is not UTF-8; string inputs hold text'),
    ],
    [
      'content with fewer strings',
      proto(7, [3], { tensorContent: Buffer.from([0, 0]) }),
      malformed('tensor_content has fewer strings than the shape says'),
    ],
    [
      'content that is too long',
      proto(7, [1], { tensorContent: Buffer.from([0, 65]) }),
      malformed('tensor_content has more bytes than the strings of the shape'),
    ],
    [
      'content that is too short',
      proto(7, [1], { tensorContent: Buffer.from([2, 65]) }),
      malformed('string 0 is longer than what is left of tensor_content'),
    ],
  ])('%s', (_, message, expected) => {
    expect(mistakeIn(message)).toBe(expected)
  })

  it.each(DTYPES)('one element of %s for 2^31, without taking memory for them', (dtype) => {
    const sample = dtype === 'string' ? ['a'] : dtype.endsWith('int64') ? [1n] : [1]
    const message = proto(TENSOR_TYPES[dtype].dataType, [2 ** 31], listOf(dtype, sample))
    const before = process.memoryUsage().arrayBuffers
    expect(mistakeIn(message)).toMatch(/^request.too_large: it grows to \d+ bytes; 67108864 are allowed$/)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24)
  })

  it('a long string that stands for many', () => {
    const message = proto(7, [1_000_000], { stringVal: [Buffer.alloc(1_000, 97)] })
    expect(mistakeIn(message)).toContain('request.too_large: it grows to 1007')
  })
})

it('growth takes room before memory; views and plain lists of floats take none', () => {
  const taken: number[] = []
  const take = (sizeBytes: number) => void taken.push(sizeBytes)
  read(bytesOf(proto(1, [4], { floatVal: [1, 2, 3, 4] })), 0, take)
  read(bytesOf(proto(1, [4], { tensorContent: new Uint8Array(16) })), 0, take)
  expect(taken).toEqual([])
  read(bytesOf(proto(1, [1_000], { floatVal: [1] })), 0, take)
  expect(taken).toEqual([4_000 - 5])
  const full = () => {
    throw new RangeError('no room')
  }
  expect(() => read(bytesOf(proto(2, [1_000], { doubleVal: [1] })), 0, full)).toThrow('no room')
})

it('content that lies on a boundary of its type is not copied', () => {
  const writer = new WireWriter()
  writer.tag(1, 0)
  writer.uint32(1)
  const shape = writer.begin(2)
  const dim = writer.begin(2)
  writer.tag(1, 0)
  writer.uint32(2)
  writer.end(dim)
  writer.end(shape)
  writer.bytes(4, new Uint8Array(8))
  const bytes = writer.finish()
  const memory = new Uint8Array(64)
  const from = 16 - ((bytes.length - 8) % 4)
  memory.set(bytes, from)
  const view = memory.subarray(from, from + bytes.length)
  const { data } = new TensorProtoReader(new WireReader(view), () => {}).read()
  expect((data as Float32Array).buffer).toBe(memory.buffer)
})
