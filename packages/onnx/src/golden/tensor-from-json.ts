import {
  allocateData,
  type DType,
  describeSpec,
  elementCount,
  PlatformError,
  type Tensor,
  type TensorSpec,
} from '@understudy/core'
import { numberToFloat16 } from './float16.ts'
import { setElement } from './set-element.ts'

const MAX_ELEMENTS = 16 * 1024 * 1024
const MAX_RANK = 32
const SPECIAL_FLOATS: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
}

/** Bounds of whole numbers by type. */
const INTEGER_BITS = {
  int8: [8, true],
  int16: [16, true],
  int32: [32, true],
  int64: [64, true],
  uint8: [8, false],
  uint16: [16, false],
  uint32: [32, false],
  uint64: [64, false],
} as const satisfies Partial<Record<DType, readonly [bits: number, signed: boolean]>>

/**
 * The tensor that nested JSON arrays stand for, of the type and within the shape of the specification.
 *
 * 64-bit numbers may be written as strings, so that none is rounded; so may `NaN`, `Infinity` and `-Infinity`.
 *
 * @throws PlatformError `onnx.input_shape_mismatch`, `onnx.input_type_mismatch`, with the place in the array
 */
export function tensorFromJson(spec: TensorSpec, value: unknown): Tensor {
  const shape = shapeOf(spec, value)
  const elements: unknown[] = []
  flatten(spec, value, { shape, axis: 0, place: '' }, elements)
  if (spec.dtype === 'string') {
    return { dtype: 'string', shape, data: elements.map((element, i) => text(spec, element, i)) }
  }
  const data = allocateData(spec.dtype, elements.length)
  elements.forEach((element, i) => {
    setElement(data, i, parseElement(spec, element, i))
  })
  return { dtype: spec.dtype, shape, data }
}

function shapeOf(spec: TensorSpec, value: unknown): number[] {
  const shape: number[] = []
  for (let inner = value; Array.isArray(inner); inner = inner[0]) {
    shape.push(inner.length)
    if (shape.length > MAX_RANK) throw shapeMismatch(spec, `more than ${MAX_RANK} levels of arrays`)
    // Below an empty array nothing can be seen: the specification says what would be there.
    if (inner.length === 0) {
      for (const size of spec.shape.slice(shape.length)) shape.push(typeof size === 'number' ? size : 0)
    }
  }
  // A model that declares no shape looks like one that declares a scalar: then what is written counts.
  const isFree = spec.shape.length === 0
  const fits =
    isFree ||
    (shape.length === spec.shape.length &&
      spec.shape.every((size, axis) => typeof size === 'string' || size === shape[axis]))
  if (!fits) throw shapeMismatch(spec, `shape [${shape.join(', ')}]`)
  if (elementCount(shape) > MAX_ELEMENTS) throw shapeMismatch(spec, `more than ${MAX_ELEMENTS} elements`)
  return shape
}

interface Level {
  readonly shape: readonly number[]
  readonly axis: number
  readonly place: string
}

function flatten(spec: TensorSpec, value: unknown, level: Level, into: unknown[]): void {
  const { shape, axis, place } = level
  if (axis === shape.length) {
    into.push(value)
    return
  }
  const size = shape[axis]
  if (!Array.isArray(value) || value.length !== size) {
    const got = Array.isArray(value) ? `${value.length} elements` : 'no array'
    throw shapeMismatch(spec, `${got} at ${place || 'the top'} where others have ${size}`)
  }
  value.forEach((item, i) => {
    flatten(spec, item, { shape, axis: axis + 1, place: `${place}[${i}]` }, into)
  })
}

function parseElement(spec: TensorSpec, element: unknown, index: number): number | bigint {
  switch (spec.dtype) {
    case 'float32':
    case 'float64':
      return float(spec, element, index)
    case 'float16':
      return numberToFloat16(float(spec, element, index))
    case 'bool':
      if (element === true || element === 1) return 1
      if (element === false || element === 0) return 0
      throw typeMismatch(spec, element, index)
    case 'string':
      throw typeMismatch(spec, element, index)
    default:
      return integer(spec, element, { index, limits: INTEGER_BITS[spec.dtype] })
  }
}

function float(spec: TensorSpec, element: unknown, index: number): number {
  const number = typeof element === 'string' ? SPECIAL_FLOATS[element] : element
  if (typeof number !== 'number') throw typeMismatch(spec, element, index)
  return number
}

function text(spec: TensorSpec, element: unknown, index: number): string {
  if (typeof element !== 'string') throw typeMismatch(spec, element, index)
  return element
}

interface IntegerPlace {
  readonly index: number
  readonly limits: readonly [bits: number, signed: boolean]
}

function integer(spec: TensorSpec, element: unknown, { index, limits }: IntegerPlace): number | bigint {
  const [bits, signed] = limits
  const isWhole = typeof element === 'number' ? Number.isSafeInteger(element) : isDigits(element)
  if (!isWhole) throw typeMismatch(spec, element, index)
  const exact = BigInt(element as number | string)
  const wrapped = signed ? BigInt.asIntN(bits, exact) : BigInt.asUintN(bits, exact)
  if (wrapped !== exact) throw typeMismatch(spec, element, index)
  return bits === 64 ? exact : Number(exact)
}

function isDigits(element: unknown): boolean {
  return typeof element === 'string' && /^-?\d{1,20}$/.test(element)
}

function shapeMismatch(spec: TensorSpec, got: string): PlatformError {
  return new PlatformError(
    'onnx.input_shape_mismatch',
    `"${spec.name}" has ${got}; expected ${describeSpec(spec)}.`,
  )
}

function typeMismatch(spec: TensorSpec, element: unknown, index: number): PlatformError {
  const shown = JSON.stringify(element)?.slice(0, 40) ?? 'nothing'
  return new PlatformError(
    'onnx.input_type_mismatch',
    `"${spec.name}" has ${shown} as element ${index}; expected ${spec.dtype}.`,
  )
}
