import { allocateData, type DType, elementCount, type Tensor, type TensorData } from '@understudy/core'
import { WIRE_TYPE, type WireReader } from '../grpc/wire-reader.ts'
import { OIP_DATATYPE } from '../oip/datatypes.ts'
import { malformed } from '../oip/oip-error-texts.ts'
import { decodeRawTensor } from '../oip/raw-tensor.ts'

/** Field of `InferTensorContents` that the elements of a type stand in; 0: they can only be sent raw. */
export const CONTENTS_FIELD = {
  bool: 1,
  int8: 2,
  int16: 2,
  int32: 2,
  int64: 3,
  uint8: 4,
  uint16: 4,
  uint32: 4,
  uint64: 5,
  float32: 6,
  float64: 7,
  string: 8,
  float16: 0,
} as const satisfies Record<DType, number>

const FIELD_NAMES = [
  ...['', 'bool_contents', 'int_contents', 'int64_contents', 'uint_contents', 'uint64_contents'],
  ...['fp32_contents', 'fp64_contents', 'bytes_contents'],
]
/** Bytes of an element as it is written; 0: a varint. */
const FIXED_BYTES: Readonly<Record<number, number>> = { 6: 4, 7: 8 }
/** Wire type of an element that stands alone. */
const ALONE: Readonly<Record<number, number>> = {
  6: WIRE_TYPE.bits32,
  7: WIRE_TYPE.bits64,
  8: WIRE_TYPE.delimited,
}

const RANGES: Readonly<Partial<Record<DType, readonly [number, number]>>> = {
  int8: [-0x80, 0x7f],
  int16: [-0x8000, 0x7fff],
  uint8: [0, 0xff],
  uint16: [0, 0xffff],
}

export interface TypedTensor {
  readonly dtype: DType
  readonly shape: readonly number[]
  /** Begin and end of each `InferTensorContents`, in turn: a message may be written in parts. */
  readonly ranges: readonly number[]
}

/**
 * The tensor of typed contents.
 *
 * Memory is bounded by the number of bytes, whatever the shape says.
 * @throws PlatformError `request.malformed` when the elements stand in another field than the type's, are out of its range, or are not as
 * many as the shape says
 */
export function readTypedTensor(reader: WireReader, { dtype, shape, ranges }: TypedTensor): Tensor {
  const wanted = CONTENTS_FIELD[dtype]
  if (wanted === 0) throw malformed(`${OIP_DATATYPE[dtype]} is sent in raw_input_contents only`)
  const count = forEachField(reader, ranges, (field) => countElements(reader, field, dtype))
  if (dtype === 'string') return readStrings(reader, { dtype, shape, ranges }, count)
  const data = allocateData(dtype, count)
  const fill = new ElementFiller(reader, dtype, data)
  forEachField(reader, ranges, (field) => {
    if (field === wanted) fill.field()
    else reader.skip()
    return 0
  })
  const { buffer, byteLength } = data as Uint8Array
  return decodeRawTensor(dtype, shape, new Uint8Array(buffer, 0, byteLength))
}

/** Calls for every field of the contents, with its value next; gives the sum of what the calls give. */
function forEachField(
  reader: WireReader,
  ranges: readonly number[],
  read: (field: number) => number,
): number {
  let sum = 0
  for (let index = 0; index < ranges.length; index += 2) {
    reader.at = ranges[index] ?? 0
    reader.end = ranges[index + 1] ?? 0
    for (let field = reader.next(); field !== 0; field = reader.next()) sum += read(field)
  }
  return sum
}

function countElements(reader: WireReader, field: number, dtype: DType): number {
  const wanted = CONTENTS_FIELD[dtype]
  if (field !== wanted && field < FIELD_NAMES.length) {
    if (isEmptyList(reader)) return 0
    throw malformed(
      `elements of ${OIP_DATATYPE[dtype]} stand in ${FIELD_NAMES[wanted]}, not in ${FIELD_NAMES[field]}`,
    )
  }
  if (field !== wanted) {
    reader.skip()
    return 0
  }
  if (dtype === 'string' || reader.wireType !== WIRE_TYPE.delimited) {
    reader.expect(ALONE[field] ?? WIRE_TYPE.varint)
    reader.skip()
    return 1
  }
  return countPacked(reader.view(), FIXED_BYTES[field] ?? 0)
}

function isEmptyList(reader: WireReader): boolean {
  return reader.wireType === WIRE_TYPE.delimited && reader.view().length === 0
}

function countPacked(bytes: Uint8Array, fixedBytes: number): number {
  if (fixedBytes > 0) {
    if (bytes.length % fixedBytes !== 0) throw malformed('a list of numbers ends within a number')
    return bytes.length / fixedBytes
  }
  let count = 0
  for (let at = 0; at < bytes.length; at += 1) if ((bytes[at] ?? 0) < 0x80) count += 1
  return count
}

function readStrings(reader: WireReader, { shape, ranges }: TypedTensor, count: number): Tensor {
  const isShape = shape.every((size) => Number.isSafeInteger(size) && size >= 0)
  if (!isShape || elementCount(shape) !== count) {
    throw malformed(`${count} elements are not BYTES [${shape.slice(0, 16).join(', ')}]`)
  }
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const data: string[] = []
  forEachField(reader, ranges, (field) => {
    if (field !== CONTENTS_FIELD.string) {
      reader.skip()
      return 0
    }
    data.push(decode(decoder, reader.view()))
    return 1
  })
  return { dtype: 'string', shape, data }
}

function decode(decoder: InstanceType<typeof TextDecoder>, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw malformed('an element of bytes_contents is not UTF-8; string inputs hold text')
  }
}

/** Fills a store of exactly as many elements as were counted. */
class ElementFiller {
  readonly #reader: WireReader
  readonly #dtype: DType
  readonly #data: TensorData
  readonly #bytes: Uint8Array
  readonly #halves: Int32Array
  readonly #range: readonly [number, number] | undefined
  #at = 0

  constructor(reader: WireReader, dtype: DType, data: TensorData) {
    this.#reader = reader
    this.#dtype = dtype
    this.#data = data
    const { buffer, byteLength } = data as Uint8Array
    this.#bytes = new Uint8Array(buffer, 0, byteLength)
    this.#halves = new Int32Array(buffer, 0, byteLength >> 2)
    this.#range = RANGES[dtype]
  }

  /** Takes the value of a field of the type: one element, or many in a packed list. */
  field(): void {
    if (this.#reader.wireType === WIRE_TYPE.delimited) this.#packed()
    else this.#element()
  }

  #packed(): void {
    const reader = this.#reader
    const outer = reader.enter()
    const sizeBytes = reader.end - reader.at
    if (this.#dtype === 'float32' || this.#dtype === 'float64') {
      const elementBytes = this.#dtype === 'float32' ? 4 : 8
      this.#bytes.set(reader.bytes.subarray(reader.at, reader.end), this.#at * elementBytes)
      this.#at += sizeBytes / elementBytes
      reader.at = reader.end
    } else while (reader.at < reader.end) this.#element()
    reader.leave(outer)
  }

  #element(): void {
    const reader = this.#reader
    const at = this.#at
    this.#at = at + 1
    switch (this.#dtype) {
      case 'bool':
        ;(this.#data as Uint8Array)[at] = reader.bool() ? 1 : 0
        return
      case 'float32':
        ;(this.#data as Float32Array)[at] = reader.float32()
        return
      case 'float64':
        ;(this.#data as Float64Array)[at] = reader.float64()
        return
      case 'int64':
      case 'uint64':
        this.#wide(at)
        return
      case 'uint32':
        ;(this.#data as Uint32Array)[at] = reader.uint32()
        return
      case 'uint8':
      case 'uint16':
        this.#narrow(at, reader.uint32())
        return
      default:
        this.#narrow(at, reader.int32())
    }
  }

  #wide(at: number): void {
    const reader = this.#reader
    reader.varint64()
    this.#halves[2 * at] = reader.low
    this.#halves[2 * at + 1] = reader.high
  }

  #narrow(at: number, value: number): void {
    const range = this.#range
    if (range !== undefined && (value < range[0] || value > range[1])) {
      throw malformed(`${value} is out of the range of ${OIP_DATATYPE[this.#dtype]}`)
    }
    ;(this.#data as Int32Array)[at] = value
  }
}
