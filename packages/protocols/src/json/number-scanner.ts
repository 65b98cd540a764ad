import { EXACT_POWERS, MANTISSA_MAX, type NumberRules } from './number-rules.ts'

const ZERO = 0x30
const NINE = 0x39
const MINUS = 0x2d
const PLUS = 0x2b
const POINT = 0x2e
const SMALL_E = 0x65
const LARGE_E = 0x45

/**
 * Reads JSON numbers from bytes, exactly: each is the double that `JSON.parse` gives, or for `toFloat32` one that rounds to the same
 * float32.
 *
 * At most 15 digits and a power of ten up to 22 are two exact doubles, and one operation on them is rounded correctly (Clinger's
 * fast path). Of a longer number the digits that are kept give a double not above it and one not below it; where both round to the
 * same float32, so does the number. What is no number, breaks the rules, or needs more than that is not explained here: `false` sends
 * the whole body to the reader that can.
 */
export class NumberScanner {
  readonly bytes: Uint8Array
  readonly #rules: NumberRules
  at: number
  /** The number that was read last. */
  value = 0
  #mantissa = 0
  /** Power of ten of the mantissa. */
  #exponent = 0
  /** Digits that did not go into the mantissa. */
  #isCut = false

  constructor(bytes: Uint8Array, at: number, rules: NumberRules) {
    this.bytes = bytes
    this.at = at
    this.#rules = rules
  }

  /** The next byte that is no white space, without passing it; -1 at the end. */
  next(): number {
    let byte = this.bytes[this.at] ?? -1
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      this.at += 1
      byte = this.bytes[this.at] ?? -1
    }
    return byte
  }

  /** Reads the number that begins here into {@link value}. */
  number(): boolean {
    const isNegative = this.bytes[this.at] === MINUS
    if (isNegative) this.at += 1
    const wholeFrom = this.at
    this.#mantissa = 0
    const digits = this.#digits()
    if (digits === 0 || (digits > 1 && this.bytes[wholeFrom] === ZERO)) return false
    let fraction = 0
    if (this.bytes[this.at] === POINT && !this.#rules.integersOnly) {
      this.at += 1
      fraction = this.#digits()
      if (fraction === 0) return false
    }
    return this.#rest(isNegative, -fraction)
  }

  /** Adds digits to the mantissa as long as it has room; how many. */
  #digits(): number {
    const from = this.at
    let mantissa = this.#mantissa
    for (
      let byte = this.bytes[this.at];
      isDigit(byte) && mantissa <= MANTISSA_MAX;
      byte = this.bytes[this.at]
    ) {
      mantissa = mantissa * 10 + (byte - ZERO)
      this.at += 1
    }
    this.#mantissa = mantissa
    return this.at - from
  }

  /** Digits that the mantissa has no room for, and the exponent; then the value. */
  #rest(isNegative: boolean, fraction: number): boolean {
    const mantissa = this.#mantissa
    this.#exponent = fraction
    if (!this.#skipDigits(fraction === 0) || !this.#power()) return false
    const low = scaled(mantissa, this.#exponent)
    const high = this.#isCut ? scaled(mantissa + 1, this.#exponent) : low
    const { min, max, toFloat32 } = this.#rules
    if (low !== high && !(toFloat32 && Math.fround(low) === Math.fround(high))) return false
    this.value = isNegative ? -low : low
    return isNegative ? -high >= min : high <= max
  }

  #skipDigits(isWhole: boolean): boolean {
    const from = this.at
    while (isDigit(this.bytes[this.at])) this.at += 1
    this.#isCut = this.at > from
    if (!isWhole) return true
    this.#exponent += this.at - from
    if (this.bytes[this.at] !== POINT) return true
    this.at += 1
    const fractionFrom = this.at
    while (isDigit(this.bytes[this.at])) this.at += 1
    this.#isCut = true
    return this.at > fractionFrom && !this.#rules.integersOnly
  }

  /** Reads `e`, sign and digits where there are any. */
  #power(): boolean {
    const mark = this.bytes[this.at]
    if (mark !== SMALL_E && mark !== LARGE_E) return true
    this.at += 1
    const sign = this.bytes[this.at]
    if (sign === MINUS || sign === PLUS) this.at += 1
    const from = this.at
    let power = 0
    for (let byte = this.bytes[this.at]; isDigit(byte); byte = this.bytes[this.at]) {
      power = power * 10 + (byte - ZERO)
      this.at += 1
    }
    this.#exponent += sign === MINUS ? -power : power
    return this.at > from && !this.#rules.integersOnly
  }
}

function isDigit(byte: number | undefined): byte is number {
  return byte !== undefined && byte >= ZERO && byte <= NINE
}

/** Correctly rounded; not a number where that takes more than one operation. */
function scaled(mantissa: number, exponent: number): number {
  if (exponent < -22 || exponent > 22) return Number.NaN
  return exponent < 0 ? mantissa / (EXACT_POWERS[-exponent] ?? 1) : mantissa * (EXACT_POWERS[exponent] ?? 1)
}
