import {
  BYTES_PER_ELEMENT,
  DTYPES,
  type DType,
  elementCount,
  type NamedTensors,
  type NumericData,
  type NumericDType,
  type Tensor,
  type TensorData,
  viewData,
} from '@understudy/core'
import type { BodyReader } from './body-reader.ts'
import { type BodyWriter, textBytes } from './body-writer.ts'
import { ALIGNMENT_BYTES, padded } from './frame.ts'
import { frameInvalid } from './frame-error.ts'

/** Tensors by name: count, then for each name, type, rank, sizes, padding, raw little-endian data. */
export function writeTensors(writer: BodyWriter, tensors: NamedTensors): void {
  writer.u32(tensors.size)
  for (const [name, tensor] of tensors) {
    writer.text(name)
    writer.u8(DTYPES.indexOf(tensor.dtype))
    writer.u8(tensor.shape.length)
    for (const size of tensor.shape) writer.u32(size)
    if (tensor.dtype === 'string') {
      for (const text of tensor.data as readonly string[]) writer.text(text)
    } else {
      const data = tensor.data as NumericData
      writer.align()
      writer.bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    }
  }
}

/** Bytes that {@link writeTensors} takes when it begins at so many bytes after an aligned place. */
export function tensorsBytes(tensors: NamedTensors, from: number): number {
  let at = from + 4
  for (const [name, tensor] of tensors) {
    at += textBytes(name) + 2 + 4 * tensor.shape.length
    if (tensor.dtype === 'string') {
      for (const text of tensor.data as readonly string[]) at += textBytes(text)
    } else {
      at = padded(at) + (tensor.data as NumericData).byteLength
    }
  }
  return at - from
}

/** Reads what {@link writeTensors} wrote. Numeric data are views of the frame where its place in memory permits. */
export function readTensors(reader: BodyReader): NamedTensors {
  const count = reader.u32()
  if (count > reader.limits.maxTensors) throw frameInvalid(`it holds ${count} tensors`)
  const tensors = new Map<string, Tensor>()
  for (let i = 0; i < count; i++) {
    const name = reader.text()
    if (tensors.has(name)) throw frameInvalid('it holds two tensors of one name')
    tensors.set(name, readTensor(reader))
  }
  return tensors
}

export function readDType(reader: BodyReader): DType {
  const index = reader.u8()
  const dtype = DTYPES[index]
  if (dtype === undefined) throw frameInvalid(`it names the unknown type ${index}`)
  return dtype
}

function readTensor(reader: BodyReader): Tensor {
  const dtype = readDType(reader)
  const rank = reader.u8()
  if (rank > reader.limits.maxRank) throw frameInvalid(`a tensor has ${rank} dimensions`)
  const shape: number[] = []
  for (let i = 0; i < rank; i++) shape.push(reader.u32())
  const elements = elementCount(shape)
  const sizeBytes = dtype === 'string' ? elements * 4 : elements * BYTES_PER_ELEMENT[dtype]
  if (!(sizeBytes <= reader.bytesLeft)) throw frameInvalid('a tensor is larger than the frame')
  if (dtype === 'string') {
    const data: string[] = []
    for (let i = 0; i < elements; i++) data.push(reader.element())
    return { dtype, shape, data }
  }
  reader.align()
  return { dtype, shape, data: numericData(dtype, reader, sizeBytes) }
}

function numericData(dtype: NumericDType, reader: BodyReader, sizeBytes: number): TensorData {
  const at = reader.skip(sizeBytes)
  const isAligned = at % ALIGNMENT_BYTES === 0
  const memory = isAligned ? reader.memory : reader.memory.slice(at, at + sizeBytes)
  return viewData(dtype, memory, isAligned ? at : 0, sizeBytes / BYTES_PER_ELEMENT[dtype])
}
