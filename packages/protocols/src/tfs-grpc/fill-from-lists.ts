import { allocateData, BYTES_PER_ELEMENT, type DType, type TensorData } from '@understudy/core'
import { WIRE_TYPE, type WireReader } from '../grpc/wire-reader.ts'
import { decodeRawTensor } from '../oip/raw-tensor.ts'
import { malformed } from '../tfs/element-errors.ts'
import { LIST_FIELD_NAMES, TENSOR_TYPES } from './tensor-types.ts'

/** Where the elements of a tensor stand. */
export interface TensorLists {
  readonly dtype: DType
  /** As many as the shape says; at least one. */
  readonly elements: number
  /** Field of the one packed list between `from` and `to`; 0: those are the ends of the whole `TensorProto`. */
  readonly packedField: number
  readonly from: number
  readonly to: number
}

type NumericType = keyof typeof BYTES_PER_ELEMENT

/** Wire type of one element that stands alone. */
const ALONE: Readonly<Record<number, number>> = { 5: WIRE_TYPE.bits32, 6: WIRE_TYPE.bits64 }

/** Both ways to write the bits of 8- and 16-bit integers: some clients send bytes signed. */
const RANGES: Readonly<Partial<Record<DType, readonly [number, number]>>> = {
  int8: [-0x80, 0xff],
  uint8: [-0x80, 0xff],
  int16: [-0x8000, 0xffff],
  uint16: [-0x8000, 0xffff],
}

/**
 * Numbers of the list of a type, filled up with the last. The reader may stand anywhere afterwards but keeps its end.
 *
 * @throws PlatformError `request.malformed`
 */
export function fillFromLists(reader: WireReader, lists: TensorLists): TensorData {
  const { dtype, elements, packedField, from, to } = lists
  const wanted = TENSOR_TYPES[dtype].listField
  if (packedField !== 0 && packedField !== wanted) throw wrongList(dtype, packedField)
  const isFloat = dtype === 'float32' || dtype === 'float64'
  if (packedField !== 0 && isFloat && to - from === elements * BYTES_PER_ELEMENT[dtype]) {
    return decodeRawTensor(dtype, [elements], reader.bytes.subarray(from, to)).data
  }
  const fill = new ListFiller(reader, dtype as NumericType, elements)
  inRange(reader, from, to, () => {
    if (packedField !== 0) fill.packed()
    else eachList(reader, dtype, () => fill.list())
  })
  return fill.finish()
}

/** Reads between two places, and comes back. */
export function inRange(reader: WireReader, from: number, to: number, read: () => void): void {
  const { at, end } = reader
  reader.at = from
  reader.end = to
  read()
  reader.at = at
  reader.end = end
}

/**
 * Calls for each field that lists elements of the type, with its value next.
 *
 * @throws PlatformError `request.malformed` when elements stand in another list
 */
export function eachList(reader: WireReader, dtype: DType, take: () => void): void {
  const wanted = TENSOR_TYPES[dtype].listField
  let isFound = false
  let other = 0
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === wanted) {
      isFound = true
      take()
    } else {
      const before = reader.at
      const isDelimited = reader.wireType === WIRE_TYPE.delimited
      reader.skip()
      const isEmpty = isDelimited && reader.at - before === 1
      if (LIST_FIELD_NAMES[field] !== undefined && !isEmpty) other = field
    }
  }
  if (!isFound && other !== 0) throw wrongList(dtype, other)
}

/** Elements that stand where those of another type belong. */
export function wrongList(dtype: DType, found: number): Error {
  const wanted = LIST_FIELD_NAMES[TENSOR_TYPES[dtype].listField]
  return malformed(`elements of ${dtype} stand in ${wanted}, not in ${LIST_FIELD_NAMES[found]}`)
}

/** A store of as many elements as the shape says, filled from the front. */
class ListFiller {
  readonly #reader: WireReader
  readonly #dtype: NumericType
  readonly #data: TensorData
  /** The same memory, for 64-bit integers. */
  readonly #halves: Int32Array | undefined
  readonly #elements: number
  readonly #range: readonly [number, number] | undefined
  #at = 0

  constructor(reader: WireReader, dtype: NumericType, elements: number) {
    this.#reader = reader
    this.#dtype = dtype
    this.#elements = elements
    const data = allocateData(dtype, elements)
    this.#data = data
    if (dtype === 'int64' || dtype === 'uint64') {
      const { buffer, byteOffset } = data as BigInt64Array
      this.#halves = new Int32Array(buffer, byteOffset, elements * 2)
    }
    this.#range = RANGES[dtype]
  }

  /** One field of the message: an element, or a packed list. */
  list(): void {
    const reader = this.#reader
    if (reader.wireType === WIRE_TYPE.delimited) {
      const outer = reader.enter()
      this.packed()
      reader.leave(outer)
      return
    }
    reader.expect(ALONE[TENSOR_TYPES[this.#dtype].listField] ?? WIRE_TYPE.varint)
    this.#element()
  }

  packed(): void {
    const reader = this.#reader
    while (reader.at < reader.end) this.#element()
  }

  /** The last element stands for those that are missing. */
  finish(): TensorData {
    const at = this.#at
    const data = this.#data as Float64Array
    if (at > 0 && at < this.#elements) data.fill(data[at - 1] as number, at)
    return data
  }

  #element(): void {
    const reader = this.#reader
    const at = this.#at
    if (at === this.#elements) {
      this.#skipElement()
      return
    }
    this.#at = at + 1
    switch (this.#dtype) {
      case 'float32':
        ;(this.#data as Float32Array)[at] = reader.float32()
        return
      case 'float64':
        ;(this.#data as Float64Array)[at] = reader.float64()
        return
      case 'bool':
        ;(this.#data as Uint8Array)[at] = reader.bool() ? 1 : 0
        return
      case 'int64':
      case 'uint64':
        this.#wide(at)
        return
      default:
        this.#integer(at, reader.int32())
    }
  }

  #wide(at: number): void {
    const reader = this.#reader
    const halves = this.#halves
    reader.varint64()
    if (halves === undefined) return
    halves[2 * at] = reader.low
    halves[2 * at + 1] = reader.high
  }

  #integer(at: number, value: number): void {
    const range = this.#range
    if (range !== undefined && (value < range[0] || value > range[1])) {
      throw malformed(`${value} is out of the range of ${this.#dtype}`)
    }
    ;(this.#data as Int32Array)[at] = value
  }

  /** Beyond the shape: only that it is whole matters. */
  #skipElement(): void {
    const reader = this.#reader
    if (this.#dtype === 'float32') reader.float32()
    else if (this.#dtype === 'float64') reader.float64()
    else reader.uint32()
  }
}
