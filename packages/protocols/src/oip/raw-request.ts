import {
  BYTES_PER_ELEMENT,
  elementCount,
  PlatformError,
  type Signature,
  type Tensor,
  type TensorSpec,
} from '@understudy/core'
import { malformed, shownName } from './oip-error-texts.ts'
import { decodeRawTensor } from './raw-tensor.ts'

/** The whole body is the one string. */
function onlyString(spec: TensorSpec, bytes: Uint8Array): Tensor {
  if (spec.shape.some((size) => typeof size === 'number' && size !== 1)) {
    throw malformed(`For BYTES the raw input '${shownName(spec.name)}' must have the shape [1]`)
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return { dtype: 'string', shape: spec.shape.map(() => 1), data: [text] }
  } catch {
    throw malformed(`raw input '${shownName(spec.name)}' is not UTF-8; string inputs hold text`)
  }
}

/** The shape that so many elements have; of two open sizes the first is that of the batch, which is one row. */
function deducedShape(spec: TensorSpec, elements: number): readonly number[] {
  const open = spec.shape.filter((size) => typeof size === 'string').length
  const isBatchOfOne = open === 2 && typeof spec.shape[0] === 'string'
  if (open > 1 && !isBatchOfOne) {
    throw malformed(`The shape of the raw input '${shownName(spec.name)}' has more than one variable size`)
  }
  const known = spec.shape.map((size, axis) => (axis === 0 && isBatchOfOne ? 1 : size))
  const fixed = elementCount(known.map((size) => (typeof size === 'number' ? size : 1)))
  const size = fixed > 0 ? elements / fixed : 0
  return known.map((one) => (typeof one === 'number' ? one : Math.floor(size)))
}

/**
 * The one input of a model whose request is nothing but its bytes; the shape follows from their number.
 *
 * @throws PlatformError `request.malformed`
 */
export function decodeRawRequest(
  bytes: Uint8Array,
  { inputs }: Signature,
  model: string,
): ReadonlyMap<string, Tensor> {
  const [spec, another] = inputs
  if (spec === undefined || another !== undefined) {
    throw new PlatformError(
      'request.malformed',
      `Raw request must only have 1 input (found 1) to be deduced but got ${inputs.length} inputs in '${shownName(model)}' model configuration`,
    )
  }
  if (spec.dtype === 'string') return new Map([[spec.name, onlyString(spec, bytes)]])
  const elements = bytes.length / BYTES_PER_ELEMENT[spec.dtype]
  return new Map([[spec.name, decodeRawTensor(spec.dtype, deducedShape(spec, elements), bytes)]])
}
