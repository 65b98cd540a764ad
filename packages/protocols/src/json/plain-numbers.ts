import { EXACT_POWERS, type NumberRules, type NumberStore } from './number-rules.ts'
import { type ListProgress, readWordNumbers, TAIL_BYTES } from './word-numbers.ts'

const SPACE = 0x20
const COMMA = 0x2c
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30

/** Up to here one more digit keeps the sum of digits a small integer. */
const SHORT_MAX = 99_999_999

/**
 * Reads elements of a list as long as each is a plain number (no exponent, at most 15 digits, or any number of them for a float32; near
 * the end of the bytes nine) with a comma behind it, and stops before the first that is not, or when the store is full. Exact, as
 * `NumberScanner` is.
 */
export function readPlainNumbers(
  bytes: Uint8Array,
  store: NumberStore,
  rules: NumberRules,
  progress: ListProgress,
): void {
  readWordNumbers(bytes, store, rules, progress)
  if (progress.at >= bytes.length - TAIL_BYTES) readShortNumbers(bytes, store, rules, progress)
}

/**
 * For numbers of at most nine digits, added up as small integers.
 *
 * Each index is below the end, so that a
 * byte is there; to say what stands for a missing one would cost as much as a digit.
 */
// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: split into calls it takes twice the time
function readShortNumbers(
  bytes: Uint8Array,
  store: NumberStore,
  rules: NumberRules,
  progress: ListProgress,
): void {
  const { min, max, integersOnly } = rules
  const end = bytes.length
  const room = store.length
  let { at, count } = progress
  while (count < room) {
    let next = at
    while (next < end && bytes[next] === SPACE) next += 1
    const isNegative = next < end && bytes[next] === MINUS
    if (isNegative) next += 1
    const digitsFrom = next
    let mantissa = 0
    let byte = 0
    for (; next < end; next += 1) {
      byte = bytes[next] as number
      const digit = byte - ZERO
      if (digit < 0 || digit > 9 || mantissa > SHORT_MAX) break
      mantissa = (mantissa * 10 + digit) | 0
    }
    if (next === digitsFrom || (next > digitsFrom + 1 && bytes[digitsFrom] === ZERO)) break
    let value = mantissa
    if (byte === POINT && !integersOnly) {
      next += 1
      const fractionFrom = next
      for (; next < end; next += 1) {
        byte = bytes[next] as number
        const digit = byte - ZERO
        if (digit < 0 || digit > 9 || mantissa > SHORT_MAX) break
        mantissa = (mantissa * 10 + digit) | 0
      }
      // A power that is not there makes the value no number, which the comparison below refuses.
      value = next === fractionFrom ? Number.NaN : mantissa / (EXACT_POWERS[next - fractionFrom] as number)
    }
    if (isNegative) value = -value
    if (byte !== COMMA || next === end || !(value >= min && value <= max)) break
    store[count] = value
    count += 1
    at = next + 1
  }
  progress.at = at
  progress.count = count
}
