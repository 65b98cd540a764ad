import { EXACT_POWERS, type NumberRules, type NumberStore } from './number-rules.ts'

/** Takes `0` to `9` to 0 to 9, and everything else beyond. */
const ZERO = 0x30
const SPACE = 0x20 ^ ZERO
const MINUS = 0x2d ^ ZERO
const COMMA = 0x2c ^ ZERO
const POINT = 0x2e ^ ZERO
const FOUR_ZEROS = 0x30303030

/** So many digits are a small integer. */
const SHORT_DIGITS_MAX = 9
/** So many digits are a double without error. */
const DIGITS_MAX = 15
/** So many bytes at the end are left to others: more than a number with its sign and the comma behind it has. */
export const TAIL_BYTES = 32

/** How far a list has been read: the next element begins at `at` and goes into `store[count]`. */
export interface ListProgress {
  at: number
  count: number
  /** Of the bytes; made when it is first needed. */
  view: DataView | undefined
}

/**
 * Reads elements of a list as long as each is a number of at most 15 digits, perhaps with a point, without an exponent and with a comma
 * behind it; stops before the first that is not, near the end of the bytes, or when the store is full. Exact: mantissa and power of ten are
 * doubles without error, so their quotient is rounded once.
 *
 * Up to four digits behind the point are read in one step. Which number of them it is decides a branch and not a sum: so the processor
 * guesses where the next number begins, and reads it meanwhile.
 */
// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: split into calls it takes twice the time
export function readWordNumbers(
  bytes: Uint8Array,
  store: NumberStore,
  { min, max, integersOnly }: NumberRules,
  progress: ListProgress,
): void {
  const last = bytes.length - TAIL_BYTES
  if (progress.at >= last) return
  progress.view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { view } = progress
  const room = store.length
  let { at, count } = progress
  while (count < room && at < last) {
    let next = at
    let byte = byteAt(bytes, next)
    while (byte === SPACE && next < last) {
      next += 1
      byte = byteAt(bytes, next)
    }
    const isNegative = byte === MINUS
    if (isNegative) {
      next += 1
      byte = byteAt(bytes, next)
    }
    const from = next
    let whole = byte
    if (whole > 9) break
    next += 1
    byte = byteAt(bytes, next)
    let value: number = whole
    if (byte <= 9) {
      if (whole === 0) break
      for (const to = from + SHORT_DIGITS_MAX; byte <= 9 && next < to; byte = byteAt(bytes, next)) {
        whole = (whole * 10 + byte) | 0
        next += 1
      }
      value = whole
      for (const to = from + DIGITS_MAX; byte <= 9 && next < to; byte = byteAt(bytes, next)) {
        value = value * 10 + byte
        next += 1
      }
    }
    if (byte === POINT && !integersOnly) {
      next += 1
      const word = view.getInt32(next, true) ^ FOUR_ZEROS
      // The highest bit of each byte that is no digit.
      const others = ((word + 0x76767676) | word) & 0x80808080
      if ((others & 0x808080) === 0) {
        const pairs = (Math.imul(word << 8, 10) + (word & 0xffffff)) & 0xff00ff
        const three = Math.imul(pairs & 0xff, 100) + (pairs >>> 16)
        byte = word >>> 24
        next += 3
        if (others !== 0) value = (value * 1_000 + three) / 1_000
        else {
          let mantissa = value * 1_000 + three
          const fractionFrom = next - 3
          // The point is no digit.
          for (const to = from + DIGITS_MAX + 1; byte <= 9 && next < to; byte = byteAt(bytes, next)) {
            mantissa = mantissa * 10 + byte
            next += 1
          }
          value = mantissa / (EXACT_POWERS[next - fractionFrom] as number)
        }
      } else if ((others & 0x8080) === 0) {
        value = (value * 100 + (word & 0xff) * 10 + ((word >>> 8) & 0xff)) / 100
        byte = (word >>> 16) & 0xff
        next += 2
      } else if ((others & 0x80) === 0) {
        value = (value * 10 + (word & 0xff)) / 10
        byte = (word >>> 8) & 0xff
        next += 1
      } else break
    }
    if (isNegative) value = -value
    if (byte !== COMMA || !(value >= min && value <= max)) break
    store[count] = value
    count += 1
    at = next + 1
  }
  progress.at = at
  progress.count = count
}

/** Each place is below the end: to say what stands for a missing byte would cost as much as a digit. */
function byteAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) ^ ZERO
}
