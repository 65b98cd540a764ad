import { type DType, describeSpec, type Tensor } from '@understudy/core'
import { float16ToNumber } from './float16.ts'

/** `|actual - expected| <= atol + rtol * |expected|`. */
export interface Tolerance {
  readonly atol: number
  readonly rtol: number
}

/** The first place where two tensors differ. */
export type TensorDifference =
  | { readonly kind: 'form'; readonly actual: string; readonly expected: string }
  | {
      readonly kind: 'element'
      /** In row-major order. */
      readonly index: number
      readonly actual: number | bigint | string
      readonly expected: number | bigint | string
      /** How far apart they may be; 0 for types that must be equal. */
      readonly allowed: number
    }

const FLOATS: ReadonlySet<DType> = new Set<DType>(['float32', 'float64', 'float16'])

/** Undefined when the tensors agree: floats within tolerance (NaN agrees with NaN), everything else exactly. */
export function firstDifference(
  actual: Tensor,
  expected: Tensor,
  tolerance: Tolerance,
): TensorDifference | undefined {
  if (actual.dtype !== expected.dtype || !sameShape(actual.shape, expected.shape)) {
    return { kind: 'form', actual: describeSpec(actual), expected: describeSpec(expected) }
  }
  const isFloat = FLOATS.has(expected.dtype)
  for (let index = 0; index < expected.data.length; index++) {
    const a = elementAt(actual, index)
    const e = elementAt(expected, index)
    const allowed = isFloat ? tolerance.atol + tolerance.rtol * Math.abs(Number(e)) : 0
    const agrees = isFloat ? floatsAgree(Number(a), Number(e), allowed) : a === e
    if (!agrees) return { kind: 'element', index, actual: a, expected: e, allowed }
  }
  return undefined
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis])
}

function floatsAgree(a: number, e: number, allowed: number): boolean {
  if (Object.is(a, e) || a === e) return true
  // Infinity minus infinity and anything minus NaN is NaN, which is not within any distance.
  return Number.isFinite(e) && Math.abs(a - e) <= allowed
}

/** One element as a value; a missing one as 0, which lengths checked before rule out. */
function elementAt(tensor: Tensor, index: number): number | bigint | string {
  const element = tensor.data[index] ?? 0
  return tensor.dtype === 'float16' ? float16ToNumber(Number(element)) : element
}
