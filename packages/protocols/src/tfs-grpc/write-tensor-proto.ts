import type { Tensor } from '@understudy/core'
import { WIRE_TYPE } from '../grpc/wire-reader.ts'
import type { WireWriter } from '../grpc/wire-writer.ts'
import { encodeRawTensor } from '../oip/raw-tensor.ts'
import { TENSOR_TYPES } from './tensor-types.ts'

const FIELD = { dataType: 1, shape: 2 } as const
const SHAPE_DIM = 2
const DIM_SIZE = 1

/**
 * Writes the fields of a `TensorProto`: elements in the list of their type, as TensorFlow Serving does unless it was told otherwise.
 * Clients read that list by its name (`float_val`), so `tensor_content` would be an empty answer to them.
 */
export function writeTensorProto(writer: WireWriter, tensor: Tensor): void {
  const { dtype, shape } = tensor
  writer.tag(FIELD.dataType, WIRE_TYPE.varint)
  writer.uint32(TENSOR_TYPES[dtype].dataType)
  writeShape(writer, shape)
  if (tensor.data.length > 0) writeList(writer, tensor)
}

/** Sizes of 0 are left out within their axis, as protocol buffers have it. */
export function writeShape(writer: WireWriter, shape: readonly number[]): void {
  const message = writer.begin(FIELD.shape)
  for (const size of shape) {
    const dim = writer.begin(SHAPE_DIM)
    if (size !== 0) {
      writer.tag(DIM_SIZE, WIRE_TYPE.varint)
      writer.int64(size)
    }
    writer.end(dim)
  }
  writer.end(message)
}

function writeList(writer: WireWriter, tensor: Tensor): void {
  const { dtype, data } = tensor
  const { listField } = TENSOR_TYPES[dtype]
  switch (dtype) {
    case 'string':
      for (const text of data as readonly string[]) writer.text(listField, text)
      return
    case 'float32':
    case 'float64':
    case 'bool':
      writer.bytes(listField, encodeRawTensor(tensor))
      return
    default:
  }
  const list = writer.begin(listField)
  if (dtype === 'int64' || dtype === 'uint64') {
    const { buffer, byteOffset } = data as BigInt64Array
    const halves = new Int32Array(buffer, byteOffset, data.length * 2)
    for (let at = 0; at < halves.length; at += 2) writer.halves(halves[at] ?? 0, halves[at + 1] ?? 0)
  } else for (const value of data as Int32Array) writer.int64(value)
  writer.end(list)
}
