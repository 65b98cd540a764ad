import { allocateData, type DType, type TensorData } from '@understudy/core'
import { isJsonObject, JsonNumber, type JsonValue } from '../json/json-value.ts'
import { decodeBase64Value } from './base64-value.ts'
import { lossyError, typeError, unsupportedType } from './element-errors.ts'

/** Converts single JSON values (anything but lists) into the elements of one typed store. */
export interface ElementWriter {
  readonly data: TensorData
  /** Writes one element. @throws PlatformError when the value is not of the type */
  write(value: JsonValue, at: number): void
}

/** Makes the store and writer for `capacity` elements of a type. */
export type WriterFactory = (dtype: DType, capacity: number) => ElementWriter

const INTEGER_RANGES = {
  int8: [-(2 ** 7), 2 ** 7 - 1],
  int16: [-(2 ** 15), 2 ** 15 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint8: [0, 2 ** 8 - 1],
  uint16: [0, 2 ** 16 - 1],
  uint32: [0, 2 ** 32 - 1],
} as const

const BIG_RANGES = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
} as const

/** Largest integer that the type holds with all its neighbours, and the largest finite value. */
const FLOAT_LIMITS = {
  float32: { integerMax: 2 ** 24 - 1, finiteMax: 3.4028234663852886e38 },
  float64: { integerMax: Number.MAX_SAFE_INTEGER, finiteMax: Number.MAX_VALUE },
} as const

/** Integers beyond 64 bits are read as floats, as RapidJSON does. */
const INTEGERS = { min: -(2 ** 63), max: 2 ** 64 } as const

function floatWriter(dtype: 'float32' | 'float64', capacity: number, finiteOnly: boolean): ElementWriter {
  const data = dtype === 'float32' ? new Float32Array(capacity) : new Float64Array(capacity)
  const { integerMax, finiteMax } = FLOAT_LIMITS[dtype]
  const write = (value: JsonValue, at: number): void => {
    if (typeof value === 'number') {
      if ((value > integerMax || value < -integerMax) && (finiteOnly || Number.isFinite(value))) {
        throw lossyError(value, dtype)
      }
      data[at] = value
      return
    }
    if (!(value instanceof JsonNumber)) throw typeError(value, dtype)
    const double = value.value
    const isInteger = value.isInteger && double >= INTEGERS.min && double <= INTEGERS.max
    const limit = isInteger ? integerMax : finiteMax
    if (Math.abs(double) > limit) throw lossyError(value, dtype)
    data[at] = double
  }
  return { data, write }
}

function integerWriter(dtype: keyof typeof INTEGER_RANGES, capacity: number): ElementWriter {
  const data = allocateData(dtype, capacity) as Int32Array
  const [min, max] = INTEGER_RANGES[dtype]
  const write = (value: JsonValue, at: number): void => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
      throw typeError(value, dtype)
    }
    data[at] = value
  }
  return { data, write }
}

function toBigInt(value: JsonValue): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  // Longer texts cannot be in range, and would take quadratic time.
  return value instanceof JsonNumber && value.isInteger && value.text.length <= 32
    ? BigInt(value.text)
    : undefined
}

function bigWriter(dtype: keyof typeof BIG_RANGES, capacity: number): ElementWriter {
  const data = dtype === 'int64' ? new BigInt64Array(capacity) : new BigUint64Array(capacity)
  const [min, max] = BIG_RANGES[dtype]
  const write = (value: JsonValue, at: number): void => {
    const integer = toBigInt(value)
    if (integer === undefined || integer < min || integer > max) throw typeError(value, dtype)
    data[at] = integer
  }
  return { data, write }
}

function boolWriter(capacity: number): ElementWriter {
  const data = new Uint8Array(capacity)
  const write = (value: JsonValue, at: number): void => {
    if (typeof value !== 'boolean') throw typeError(value, 'bool')
    data[at] = value ? 1 : 0
  }
  return { data, write }
}

function stringWriter(capacity: number): ElementWriter {
  const data = new Array<string>(capacity).fill('')
  const write = (value: JsonValue, at: number): void => {
    if (typeof value === 'string') data[at] = value
    else if (isJsonObject(value)) data[at] = decodeBase64Value(value)
    else throw typeError(value, 'string')
  }
  return { data, write }
}

/**
 * A store for `capacity` elements and the writer that fills it.
 *
 * @param finiteOnly the values come from `JSON.parse`, where Infinity stands for a number too big to hold
 */
export function createElementWriter(dtype: DType, capacity: number, finiteOnly: boolean): ElementWriter {
  switch (dtype) {
    case 'float32':
    case 'float64':
      return floatWriter(dtype, capacity, finiteOnly)
    case 'int64':
    case 'uint64':
      return bigWriter(dtype, capacity)
    case 'bool':
      return boolWriter(capacity)
    case 'string':
      return stringWriter(capacity)
    case 'float16':
      return {
        data: new Uint16Array(0),
        write: (value) => {
          throw unsupportedType(value, 'float16')
        },
      }
    default:
      return integerWriter(dtype, capacity)
  }
}
