import type { NumberRules, NumberStore } from './number-rules.ts'

/** Takes `0` to `9` to 0 to 9, and everything else beyond. */
const ZERO = 0x30
const SPACE = 0x20 ^ ZERO
const MINUS = 0x2d ^ ZERO
const COMMA = 0x2c ^ ZERO
const POINT = 0x2e ^ ZERO

/** So many bytes at the end are left to others, so that no number is read beyond it. */
export const TAIL_BYTES = 32
/** What has one digit before its point is below this. */
const SHORT_BELOW = 10
/** So many digits are a small integer. */
const SHORT_DIGITS_MAX = 9
/** So many digits are a double without error. */
const DIGITS_MAX = 15
/** Up to here four more digits keep the sum of digits exact. */
const BEFORE_FOUR_MAX = Math.floor((Number.MAX_SAFE_INTEGER - 9_999) / 10_000)
/** The same for three. */
const BEFORE_THREE_MAX = Math.floor((Number.MAX_SAFE_INTEGER - 999) / 1_000)
/** A power of ten that three more digits leave exact. */
const SCALE_MAX = 1e16

/** How far a list has been read: the next element begins at `at` and goes into `store[count]`. */
export interface ListProgress {
  at: number
  count: number
  /** Of the bytes; made when it is first needed. */
  view: DataView | undefined
}

/**
 * Reads elements of a list as long as each is a number without an exponent, of at most 15 digits or for a float32, and with a comma behind
 * it; stops before the first that is not, near the end of the bytes, or when the store is full. Exact, as `NumberScanner` is and for the
 * same reasons.
 *
 * Pixels, shares, and whatever else was rounded have one digit before the point and two or three behind it: those are looked for first, as two
 * words. Of others the digits behind the point are read four at a time. How many of them there are decides a branch and is no summand: so the processor guesses
 * where the next number begins, and reads it meanwhile.
 */
// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: split into calls it takes twice the time
export function readWordNumbers(
  bytes: Uint8Array,
  store: NumberStore,
  { min, max, integersOnly, toFloat32 }: NumberRules,
  progress: ListProgress,
): void {
  const last = bytes.length - TAIL_BYTES
  if (progress.at >= last) return
  progress.view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { view } = progress
  const room = store.length
  const takesShort = !integersOnly && max >= SHORT_BELOW && min <= -SHORT_BELOW
  let { at, count } = progress
  while (count < room && at < last) {
    let next = at
    let isNegative = false
    let digitAndPoint = digitAndPointAt(view, next)
    let byte = digitAndPoint & 0xff
    if (byte > 9) {
      while (byte === SPACE && next < last) {
        next += 1
        byte = byteAt(bytes, next)
      }
      isNegative = byte === MINUS
      if (isNegative) {
        next += 1
        byte = byteAt(bytes, next)
      }
      digitAndPoint = digitAndPointAt(view, next)
    }
    if (digitAndPoint <= 9 && takesShort) {
      const word = wordAt(view, next + 2)
      const others = othersOf(word)
      if ((others & 0x808080) === 0 && others !== 0) {
        if (word >>> 24 !== COMMA) break
        const value = (digitAndPoint * 1_000 + threeOf(word)) / 1_000
        store[count] = isNegative ? -value : value
        count += 1
        at = next + 6
        continue
      }
      if ((others & 0x8080) === 0 && others !== 0) {
        if (((word >>> 16) & 0xff) !== COMMA) break
        const value = (digitAndPoint * 100 + (word & 0xff) * 10 + ((word >>> 8) & 0xff)) / 100
        store[count] = isNegative ? -value : value
        count += 1
        at = next + 5
        continue
      }
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
      let scale = 1
      let word = wordAt(view, next)
      let others = othersOf(word)
      while (others === 0 && value <= BEFORE_FOUR_MAX && scale < SCALE_MAX) {
        value = value * 10_000 + threeOf(word) * 10 + (word >>> 24)
        scale *= 10_000
        next += 4
        word = wordAt(view, next)
        others = othersOf(word)
      }
      byte = word & 0xff
      if (byte > 9) {
        if (scale === 1) break
        value /= scale
      } else if (others === 0 || value > BEFORE_THREE_MAX) {
        // Digits are left. What they could add must not make another float32.
        const high = (value + 1) / scale
        value /= scale
        if (!toFloat32 || Math.fround(value) !== Math.fround(high) || high > max || -high < min) break
        for (; byte <= 9 && next < last; byte = byteAt(bytes, next)) next += 1
      } else if ((others & 0x808080) === 0) {
        value = (value * 1_000 + threeOf(word)) / (scale * 1_000)
        byte = word >>> 24
        next += 3
      } else if ((others & 0x8080) === 0) {
        value = (value * 100 + byte * 10 + ((word >>> 8) & 0xff)) / (scale * 100)
        byte = (word >>> 16) & 0xff
        next += 2
      } else {
        value = (value * 10 + byte) / (scale * 10)
        byte = (word >>> 8) & 0xff
        next += 1
      }
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

/** A digit where a point follows it; else beyond, and its lowest byte is what {@link byteAt} gives. */
function digitAndPointAt(view: DataView, at: number): number {
  return (view.getInt16(at, true) ^ 0x2e30) & 0xffff
}

/** Four bytes, the first of them lowest, each a digit or beyond. */
function wordAt(view: DataView, at: number): number {
  return view.getInt32(at, true) ^ 0x30303030
}

/** The highest bit of each byte that is no digit, and perhaps of some behind the first such byte. */
function othersOf(word: number): number {
  return ((word + 0x76767676) | word) & 0x80808080
}

/** What the first three digits say. */
function threeOf(word: number): number {
  const pairs = (Math.imul(word << 8, 10) + (word & 0xffffff)) & 0xff00ff
  return Math.imul(pairs & 0xff, 100) + (pairs >>> 16)
}
