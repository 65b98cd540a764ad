import type { DType, Tensor } from '@understudy/core'

const STORES = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const

/** Raw bytes of a tensor, written apart from the code under test: little-endian; texts with their length in front. */
export function toBytes({ dtype, data }: Tensor): Buffer {
  if (dtype !== 'string') {
    const { buffer, byteOffset, byteLength } = data as Uint8Array
    return Buffer.from(buffer, byteOffset, byteLength)
  }
  return Buffer.concat(
    (data as readonly string[]).flatMap((text) => {
      const bytes = Buffer.from(text, 'utf8')
      const length = Buffer.alloc(4)
      length.writeUInt32LE(bytes.length)
      return [length, bytes]
    }),
  )
}

/** The tensor of raw bytes. */
export function fromBytes(dtype: DType, shape: readonly number[], bytes: Uint8Array): Tensor {
  if (dtype === 'string') return { dtype, shape, data: textsOf(Buffer.from(bytes)) }
  const copy = Uint8Array.from(bytes)
  return { dtype, shape, data: new STORES[dtype](copy.buffer) } as Tensor
}

/** The tensor of plain elements. */
export function fromElements(
  dtype: DType,
  shape: readonly number[],
  elements: readonly (number | bigint | boolean | string)[],
): Tensor {
  if (dtype === 'string') return { dtype, shape, data: elements.map(String) }
  if (dtype === 'int64') return { dtype, shape, data: BigInt64Array.from(elements.map(BigInt)) }
  if (dtype === 'uint64') return { dtype, shape, data: BigUint64Array.from(elements.map(BigInt)) }
  return { dtype, shape, data: STORES[dtype].from(elements.map(Number)) } as Tensor
}

function textsOf(bytes: Buffer): string[] {
  const texts: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32LE(at)
    texts.push(bytes.subarray(at + 4, end).toString('utf8'))
    at = end
  }
  return texts
}
