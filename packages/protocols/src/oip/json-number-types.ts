import type { DType } from '@understudy/core'
import type { NumberRules } from '../json/number-rules.ts'

export type IntegerType = 'int8' | 'int16' | 'int32' | 'int64' | 'uint8' | 'uint16' | 'uint32' | 'uint64'
export type BigType = 'int64' | 'uint64'

export const INTEGER_RANGES = {
  int8: [-(2n ** 7n), 2n ** 7n - 1n],
  int16: [-(2n ** 15n), 2n ** 15n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint8: [0n, 2n ** 8n - 1n],
  uint16: [0n, 2n ** 16n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
} as const satisfies Record<IntegerType, readonly [bigint, bigint]>

export function isBigType(dtype: DType): dtype is BigType {
  return dtype === 'int64' || dtype === 'uint64'
}

export function isIntegerType(dtype: DType): dtype is IntegerType {
  return dtype in INTEGER_RANGES
}

/** Floats take the nearest value of any number, as Triton does: infinity where it is too large for the type. */
function floats(toFloat32: boolean): NumberRules {
  return { min: -Number.MAX_VALUE, max: Number.MAX_VALUE, integersOnly: false, toFloat32 }
}

function integers(dtype: IntegerType): NumberRules {
  const [min, max] = INTEGER_RANGES[dtype]
  return {
    min: Math.max(Number(min), Number.MIN_SAFE_INTEGER),
    max: Math.min(Number(max), Number.MAX_SAFE_INTEGER),
    integersOnly: true,
    toFloat32: false,
  }
}

/** Which numbers the scanners may take for a type; they leave every other value to the exact reader. */
export const JSON_NUMBER_RULES: Partial<Record<DType, NumberRules>> = {
  float32: floats(true),
  float64: floats(false),
  int8: integers('int8'),
  int16: integers('int16'),
  int32: integers('int32'),
  int64: integers('int64'),
  uint8: integers('uint8'),
  uint16: integers('uint16'),
  uint32: integers('uint32'),
  uint64: integers('uint64'),
}
