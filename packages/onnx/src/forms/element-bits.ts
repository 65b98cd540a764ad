/** Bits of one element by `TensorProto.DataType`. A type that is missing, text for one, stays where it is. */
const ELEMENT_BITS: Readonly<Record<number, number>> = {
  1: 32,
  2: 8,
  3: 8,
  4: 16,
  5: 16,
  6: 32,
  7: 64,
  9: 8,
  10: 16,
  11: 64,
  12: 32,
  13: 64,
  16: 16,
  17: 8,
  18: 8,
  19: 8,
  20: 8,
  21: 4,
  22: 4,
}

/** Bytes of a tensor's raw data, or undefined when the type or a size is none that raw data has. */
export function rawBytesOf(dataType: number, dims: readonly number[]): number | undefined {
  const bits = ELEMENT_BITS[dataType]
  if (bits === undefined || dims.some((size) => size < 0)) return undefined
  const sizeBytes = Math.ceil((dims.reduce((count, size) => count * size, 1) * bits) / 8)
  return Number.isSafeInteger(sizeBytes) ? sizeBytes : undefined
}
