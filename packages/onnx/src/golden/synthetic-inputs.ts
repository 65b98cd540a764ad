import {
  allocateData,
  type DType,
  elementCount,
  type NamedTensors,
  type Signature,
  type Tensor,
  type TensorSpec,
} from '@understudy/core'
import { numberToFloat16 } from './float16.ts'
import { setElement } from './set-element.ts'

/** Larger inputs are not made up: a synthetic run must cost little. */
const MAX_SYNTHETIC_ELEMENTS = 4 * 1024 * 1024

/**
 * Made-up inputs that fit a signature, always the same: small varied numbers, `rows` on a symbolic first axis, 1 on other symbolic ones.
 * Undefined when they would be very large.
 */
export function syntheticInputs(signature: Signature, rows: number): NamedTensors | undefined {
  const tensors = new Map<string, Tensor>()
  for (const spec of signature.inputs) {
    const shape = spec.shape.map((size, axis) => (typeof size === 'number' ? size : axis === 0 ? rows : 1))
    if (elementCount(shape) > MAX_SYNTHETIC_ELEMENTS) return undefined
    tensors.set(spec.name, synthetic(spec, shape))
  }
  return tensors
}

function synthetic({ dtype }: TensorSpec, shape: readonly number[]): Tensor {
  const count = elementCount(shape)
  if (dtype === 'string') return { dtype, shape, data: Array.from({ length: count }, (_, i) => `text ${i}`) }
  const data = allocateData(dtype, count)
  for (let i = 0; i < count; i++) setElement(data, i, valueFor(dtype, ((i * 37) % 23) / 23 - 0.4))
  return { dtype, shape, data }
}

/** Whole numbers are 0 and 1: they may be indices, of which more may not exist. */
function valueFor(dtype: DType, value: number): number {
  if (dtype === 'float32' || dtype === 'float64') return value
  if (dtype === 'float16') return numberToFloat16(value)
  return value > 0 ? 1 : 0
}
