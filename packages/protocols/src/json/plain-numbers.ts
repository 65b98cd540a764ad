import { EXACT_POWERS, MANTISSA_MAX, type NumberRules, type NumberStore } from './number-rules.ts'

const SPACE = 0x20
const COMMA = 0x2c
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30

/** How far a list has been read: the next element begins at `at` and goes into `store[count]`. */
export interface ListProgress {
  at: number
  count: number
}

/**
 * Reads elements of a list as long as each is a plain number (at most 15 digits, perhaps a point, no exponent) with a comma behind it,
 * and stops before the first that is not, or when the store is full. Exact, as `NumberScanner` is.
 *
 * Everything is in locals and one loop: long lists are what takes the time of a large body.
 */
// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: split into calls it takes twice the time
export function readPlainNumbers(
  bytes: Uint8Array,
  store: NumberStore,
  rules: NumberRules,
  progress: ListProgress,
): void {
  const { min, max, integersOnly } = rules
  let { at, count } = progress
  for (let element = at; count < store.length; ) {
    let byte = bytes[element]
    while (byte === SPACE) {
      element += 1
      byte = bytes[element]
    }
    const isNegative = byte === MINUS
    const digitsFrom = isNegative ? element + 1 : element
    let next = digitsFrom
    let value = 0
    let digit = (bytes[next] ?? 0) - ZERO
    while (digit >= 0 && digit <= 9 && value <= MANTISSA_MAX) {
      value = value * 10 + digit
      next += 1
      digit = (bytes[next] ?? 0) - ZERO
    }
    if (next === digitsFrom || (next > digitsFrom + 1 && bytes[digitsFrom] === ZERO)) break
    if (digit === POINT - ZERO && !integersOnly) {
      next += 1
      const fractionFrom = next
      digit = (bytes[next] ?? 0) - ZERO
      while (digit >= 0 && digit <= 9 && value <= MANTISSA_MAX) {
        value = value * 10 + digit
        next += 1
        digit = (bytes[next] ?? 0) - ZERO
      }
      // A power that is not there makes the value no number, which the comparison below refuses.
      value = next === fractionFrom ? Number.NaN : value / (EXACT_POWERS[next - fractionFrom] ?? Number.NaN)
    }
    if (isNegative) value = -value
    if (digit !== COMMA - ZERO || !(value >= min && value <= max)) break
    store[count] = value
    count += 1
    at = next + 1
    element = at
  }
  progress.at = at
  progress.count = count
}
