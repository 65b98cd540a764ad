import type { Tensor } from '@understudy/core'
import type { WireWriter } from '../grpc/wire-writer.ts'
import { encodeRawTensor } from '../oip/raw-tensor.ts'
import { CONTENTS_FIELD } from './typed-contents.ts'

/** Writes the fields of `InferTensorContents`: the elements in the list of their type. Not for `float16`, which has none. */
export function writeTypedContents(writer: WireWriter, tensor: Tensor): void {
  const { dtype, data } = tensor
  const field = CONTENTS_FIELD[dtype]
  if (data.length === 0) return
  if (dtype === 'string') {
    for (const text of data as readonly string[]) writer.text(field, text)
    return
  }
  if (dtype === 'float32' || dtype === 'float64') {
    writer.bytes(field, encodeRawTensor(tensor))
    return
  }
  const list = writer.begin(field)
  if (dtype === 'int64' || dtype === 'uint64') {
    const { buffer, byteOffset } = data as BigInt64Array
    const halves = new Int32Array(buffer, byteOffset, data.length * 2)
    for (let at = 0; at < halves.length; at += 2) writer.halves(halves[at] ?? 0, halves[at + 1] ?? 0)
  } else for (const value of data as Int32Array) writer.int64(value)
  writer.end(list)
}
