import {
  allocateData,
  BYTES_PER_ELEMENT,
  type NumericDType,
  type TensorData,
  viewData,
} from '@understudy/core'

/** Below it zeros cost less than memory without them. */
const UNFILLED_FROM_BYTES = 4 * 1024

/** A store in which lies whatever was in that memory before: only for who overwrites all of it at once. Zeros of large batches cost as much as their copies. */
export function unfilledData(dtype: NumericDType, length: number): TensorData {
  const sizeBytes = length * BYTES_PER_ELEMENT[dtype]
  if (sizeBytes < UNFILLED_FROM_BYTES) return allocateData(dtype, length)
  const { buffer, byteOffset } = Buffer.allocUnsafeSlow(sizeBytes)
  return viewData(dtype, buffer, byteOffset, length)
}
