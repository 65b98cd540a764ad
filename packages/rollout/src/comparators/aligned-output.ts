import { type Comparator, elementCount, type Tensor } from '@understudy/core'
import { decodeFloat16 } from './float16.ts'

/** Elements of one output, in a form that can be compared without allocating. */
export type Values = ArrayLike<number> | readonly string[]

/** One output of both versions, cut into the same rows. */
export interface AlignedOutput {
  readonly rows: number
  /** Elements of one row. */
  readonly rowSize: number
  /** Elements of the last axis of a row; 1 for a scalar. */
  readonly lastAxis: number
  readonly baseline: Values
  readonly candidate: Values
}

/**
 * Brings one output of both versions side by side; null when type or shape differ, so that nothing in it can agree.
 *
 * @param rows size of the batch axis; an output that does not begin with it is one row.
 */
export function alignOutput(
  compare: Comparator,
  tensors: { readonly baseline: Tensor; readonly candidate: Tensor },
  rows: number,
): AlignedOutput | null {
  const { baseline, candidate } = tensors
  if (baseline.dtype !== candidate.dtype || !sameShape(baseline.shape, candidate.shape)) return null
  const elements = elementCount(baseline.shape)
  if (baseline.data.length !== elements || candidate.data.length !== elements) return null
  const batched = rows > 1 && baseline.shape[0] === rows
  const rowRank = baseline.shape.length - (batched ? 1 : 0)
  const width = compare.kind === 'equal' && is64Bit(baseline) ? 2 : 1
  return {
    rows: batched ? rows : 1,
    rowSize: (elements / (batched ? rows : 1)) * width,
    lastAxis: rowRank > 0 ? (baseline.shape[baseline.shape.length - 1] ?? 1) : 1,
    baseline: valuesOf(baseline, compare),
    candidate: valuesOf(candidate, compare),
  }
}

function sameShape(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((size, axis) => size === right[axis])
}

function is64Bit(tensor: Tensor): boolean {
  return tensor.dtype === 'int64' || tensor.dtype === 'uint64'
}

function valuesOf(tensor: Tensor, compare: Comparator): Values {
  const { data } = tensor
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    // Halves are equal exactly when the integers are, and reading them makes no BigInt.
    return compare.kind === 'equal'
      ? new Int32Array(data.buffer, data.byteOffset, data.length * 2)
      : Float64Array.from(data as Iterable<bigint>, Number)
  }
  return tensor.dtype === 'float16' ? decodeFloat16(data as Uint16Array) : data
}
