import { allocateData, BYTES_PER_ELEMENT, type DType, PlatformError, type Tensor } from '@understudy/core'
import { WIRE_TYPE, type WireReader } from '../grpc/wire-reader.ts'
import { decodeRawTensor } from '../oip/raw-tensor.ts'
import { malformed } from '../tfs/element-errors.ts'
import { MAX_RANK } from '../tfs/fill-tensor.ts'
import { fillFromLists, type TensorLists } from './fill-from-lists.ts'
import { contentStrings, stringsFromLists } from './proto-strings.ts'
import { dtypeOfNumber, foreignTypeName, LIST_FIELD_NAMES, TENSOR_TYPES } from './tensor-types.ts'

const FIELD = { dataType: 1, shape: 2, version: 3, content: 4 } as const
const SHAPE = { dim: 2, unknownRank: 3 } as const
const DIM_SIZE = 1

/** What a tensor may grow to beyond eight times its bytes: one element that stands for all is a few bytes. */
const GROWN_BYTES_MAX = 64 * 1024 * 1024
const VARINT_GROWTH = 8
const POINTER_BYTES = 8

/** Takes room for bytes that a message makes beyond its own. @throws PlatformError when there is none */
export type TakeRoom = (sizeBytes: number) => void

const NO_LIST = 0
/** Lists stand in several places, or not packed: the message is gone through again. */
const SCATTERED = -1

/** Reads `TensorProto`s; keep one for each message. */
export class TensorProtoReader {
  readonly #reader: WireReader
  readonly #takeRoom: TakeRoom
  #dataType = 0
  #shape: number[] = []
  #content: Uint8Array | undefined
  /** Number of the field that lists elements, when there is one packed list and nothing else. */
  #listField: number = NO_LIST
  #listFrom = 0
  #listTo = 0
  #listBytes = 0

  constructor(reader: WireReader, takeRoom: TakeRoom) {
    this.#reader = reader
    this.#takeRoom = takeRoom
  }

  /**
   * The tensor of the message that the reader stands in, which is read to its end.
   *
   * As in TensorFlow, elements come from `tensor_content` if that is there, else from the list of their type; the last of a list that is
   * shorter than the shape stands for all others, an empty list for zeros, and what is beyond the shape is left out.
   * @throws PlatformError `request.malformed`, `request.too_large`, and what taking room throws
   */
  read(): Tensor {
    const from = this.#reader.at
    const to = this.#reader.end
    this.#readFields()
    const dtype = dtypeOfNumber(this.#dataType)
    if (dtype === undefined) {
      throw malformed(
        this.#dataType === 0 ? 'it has no dtype' : `${foreignTypeName(this.#dataType)} is not supported here`,
      )
    }
    const shape = this.#shape
    const elements = countOf(shape)
    if (elements === 0) return { dtype, shape, data: allocateData(dtype, 0) }
    const content = this.#content
    if (content !== undefined) return this.#fromContent(dtype, elements, content)
    return this.#fromLists(dtype, elements, { from, to })
  }

  #readFields(): void {
    const reader = this.#reader
    this.#dataType = 0
    this.#shape = []
    this.#content = undefined
    this.#listField = NO_LIST
    this.#listBytes = 0
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === FIELD.dataType) {
        reader.expect(WIRE_TYPE.varint)
        this.#dataType = reader.int32()
      } else if (field === FIELD.shape) this.#readShape()
      else if (field === FIELD.content) {
        reader.expect(WIRE_TYPE.delimited)
        const view = reader.view()
        this.#content = view.length === 0 ? undefined : view
      } else if (LIST_FIELD_NAMES[field] !== undefined) this.#noteList(field)
      else reader.skip()
    }
  }

  #readShape(): void {
    const reader = this.#reader
    reader.expect(WIRE_TYPE.delimited)
    const outer = reader.enter()
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === SHAPE.dim) this.#readDim()
      else if (field === SHAPE.unknownRank && reader.wireType === WIRE_TYPE.varint) {
        if (reader.bool()) throw malformed('its shape has no known rank')
      } else reader.skip()
    }
    reader.leave(outer)
  }

  #readDim(): void {
    const reader = this.#reader
    reader.expect(WIRE_TYPE.delimited)
    if (this.#shape.length === MAX_RANK) throw malformed(`its shape has more than ${MAX_RANK} axes`)
    let size = 0
    const outer = reader.enter()
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field !== DIM_SIZE) reader.skip()
      else {
        reader.expect(WIRE_TYPE.varint)
        size = reader.int64()
      }
    }
    reader.leave(outer)
    this.#shape.push(size)
  }

  #noteList(field: number): void {
    const reader = this.#reader
    const before = reader.at
    const isPacked = reader.wireType === WIRE_TYPE.delimited && field !== TENSOR_TYPES.string.listField
    if (isPacked) {
      const outer = reader.enter()
      const from = reader.at
      const to = reader.end
      reader.leave(outer)
      if (from === to) return
      if (this.#listField === NO_LIST) {
        this.#listField = field
        this.#listFrom = from
        this.#listTo = to
      } else this.#listField = SCATTERED
    } else {
      this.#listField = SCATTERED
      reader.skip()
    }
    this.#listBytes += reader.at - before
  }

  #fromContent(dtype: DType, elements: number, content: Uint8Array): Tensor {
    const shape = this.#shape
    if (dtype === 'string') return { dtype, shape, data: contentStrings(content, elements) }
    return decodeRawTensor(dtype, shape, content)
  }

  #fromLists(dtype: DType, elements: number, message: { from: number; to: number }): Tensor {
    const reader = this.#reader
    const shape = this.#shape
    const lists: TensorLists = {
      dtype,
      elements,
      packedField: this.#listField > 0 ? this.#listField : 0,
      from: this.#listField > 0 ? this.#listFrom : message.from,
      to: this.#listField > 0 ? this.#listTo : message.to,
    }
    const isEmpty = this.#listField === NO_LIST
    const elementBytes = dtype === 'string' ? POINTER_BYTES : BYTES_PER_ELEMENT[dtype]
    this.#takeGrowth(elements * elementBytes)
    if (dtype !== 'string') {
      if (isEmpty) return { dtype, shape, data: allocateData(dtype, elements) }
      return { dtype, shape, data: fillFromLists(reader, lists) }
    }
    const data = stringsFromLists(reader, lists, (sizeBytes) => this.#takeGrowth(sizeBytes))
    return { dtype, shape, data }
  }

  #takeGrowth(sizeBytes: number): void {
    if (sizeBytes > GROWN_BYTES_MAX && sizeBytes > this.#listBytes * VARINT_GROWTH) {
      throw new PlatformError(
        'request.too_large',
        `it grows to ${sizeBytes} bytes; ${GROWN_BYTES_MAX} are allowed`,
      )
    }
    if (sizeBytes > this.#listBytes) this.#takeRoom(sizeBytes - this.#listBytes)
  }
}

function countOf(shape: readonly number[]): number {
  let count = 1
  for (const size of shape) {
    if (size < 0 || !Number.isSafeInteger(size)) throw malformed(`[${shape.join(',')}] is not a shape`)
    count *= size
  }
  if (!Number.isSafeInteger(count)) throw malformed(`a tensor of shape [${shape.join(',')}] is too large`)
  return count
}
