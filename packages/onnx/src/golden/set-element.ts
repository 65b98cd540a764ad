import type { TensorData } from '@understudy/core'

/** Writes one element of numeric data, whatever its width. Strings have no such elements. */
export function setElement(data: TensorData, index: number, value: number | bigint): void {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[index] = BigInt(value)
  else (data as Float32Array)[index] = Number(value)
}
