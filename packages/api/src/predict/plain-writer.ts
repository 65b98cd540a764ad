import { allocateData, type DType, PlatformError } from '@understudy/core'
import type { ElementWriter, JsonValue } from '@understudy/protocols'

const RANGES = {
  int8: [-(2n ** 7n), 2n ** 7n - 1n],
  int16: [-(2n ** 15n), 2n ** 15n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint8: [0n, 2n ** 8n - 1n],
  uint16: [0n, 2n ** 16n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
} as const

function refuse(value: JsonValue, expected: string): never {
  const text = JSON.stringify(value) ?? 'undefined'
  const shown = text.length > 100 ? `${text.slice(0, 100)}...` : text
  throw new PlatformError('request.malformed', `expected ${expected}, got ${shown}`)
}

function toFloat(value: JsonValue, dtype: DType): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value)
  return refuse(value, `a number for ${dtype}`)
}

function toInteger(value: JsonValue, dtype: keyof typeof RANGES): bigint {
  const [min, max] = RANGES[dtype]
  const isText = typeof value === 'string' && /^-?\d{1,20}$/.test(value)
  if (isText || (typeof value === 'number' && Number.isSafeInteger(value))) {
    const integer = BigInt(value)
    if (integer >= min && integer <= max) return integer
  }
  return refuse(value, `an integer for ${dtype} (beyond 2^53 as a decimal string)`)
}

function writerOf(dtype: DType, store: { [index: number]: unknown }): ElementWriter['write'] {
  switch (dtype) {
    case 'float32':
    case 'float64':
      return (value, at) => {
        store[at] = toFloat(value, dtype)
      }
    case 'float16':
      return () => {
        throw new PlatformError('request.unsupported', 'float16 inputs cannot be sent as JSON')
      }
    case 'bool':
      return (value, at) => {
        store[at] = typeof value === 'boolean' ? Number(value) : refuse(value, 'true or false for bool')
      }
    case 'string':
      return (value, at) => {
        store[at] = typeof value === 'string' ? value : refuse(value, 'a text for string')
      }
    case 'int64':
    case 'uint64':
      return (value, at) => {
        store[at] = toInteger(value, dtype)
      }
    default:
      return (value, at) => {
        store[at] = Number(toInteger(value, dtype))
      }
  }
}

/** Writes plain JSON values, as tRPC clients send them, into a typed store. */
export function createPlainWriter(dtype: DType, capacity: number): ElementWriter {
  const data = allocateData(dtype, capacity)
  return { data, write: writerOf(dtype, data as { [index: number]: unknown }) }
}
