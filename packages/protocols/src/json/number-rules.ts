/** Powers of ten that a double holds exactly. */
export const EXACT_POWERS: Float64Array = Float64Array.of(
  1,
  1e1,
  1e2,
  1e3,
  1e4,
  1e5,
  1e6,
  1e7,
  1e8,
  1e9,
  1e10,
  1e11,
  1e12,
  1e13,
  1e14,
  1e15,
  1e16,
  1e17,
  1e18,
  1e19,
  1e20,
  1e21,
  1e22,
)

/** A store of numbers, by index. */
export type NumberStore =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array

/** Which numbers may be taken without a second look. */
export interface NumberRules {
  readonly min: number
  readonly max: number
  /** Neither point nor exponent. */
  readonly integersOnly: boolean
  /** Only the nearest float32 of a number is wanted, which its first 15 digits nearly always tell. */
  readonly toFloat32: boolean
}

/** Up to here one more digit keeps the sum of digits exact. */
export const MANTISSA_MAX = Math.floor((Number.MAX_SAFE_INTEGER - 9) / 10)
