/** The value of 16 bits of IEEE 754 half precision. */
export function decodeFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

const FLOAT = new Float32Array(1)
const BITS = new Uint32Array(FLOAT.buffer)

/** The 16 bits of IEEE 754 half precision nearest to a float32, ties to even. */
export function encodeFloat16(value: number): number {
  FLOAT[0] = value
  const bits = BITS[0] ?? 0
  const sign = (bits >>> 16) & 0x8000
  const size = bits & 0x7fffffff
  if (size > 0x7f800000) return sign | 0x7e00
  if (size >= 0x47800000) return sign | 0x7c00
  if (size >= 0x38800000) return sign | ((size + 0xfff + ((size >>> 13) & 1) - 0x38000000) >>> 13)
  const steps = Math.abs(FLOAT[0]) * 2 ** 24
  const whole = Math.floor(steps)
  const isUp = steps - whole > 0.5 || (steps - whole === 0.5 && whole % 2 === 1)
  return sign | (isUp ? whole + 1 : whole)
}
