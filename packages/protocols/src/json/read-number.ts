import type { ByteCursor } from './byte-cursor.ts'
import { JSON_SYNTAX } from './json-syntax-error.ts'
import { JsonNumber } from './json-value.ts'

const MINUS = 0x2d
const ZERO = 0x30

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function skipDigits(cursor: ByteCursor): boolean {
  const from = cursor.at
  while (isDigit(cursor.peek())) cursor.at += 1
  return cursor.at > from
}

/** `NaN`, `Inf` and `Infinity`, bare, as TensorFlow Serving reads and writes them. */
function readSpecial(cursor: ByteCursor, negative: boolean): number {
  if (cursor.consume(0x4e)) {
    if (cursor.consumeWord('aN')) return Number.NaN
  } else if (cursor.consumeWord('Inf')) {
    if (cursor.peek() !== 0x69 || cursor.consumeWord('inity')) {
      return negative ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
    }
  }
  return cursor.fail(JSON_SYNTAX.valueInvalid)
}

/** Reads a number without loss: a {@link JsonNumber} where a plain one would hide how it was written. */
export function readNumber(cursor: ByteCursor): number | JsonNumber {
  const from = cursor.at
  const negative = cursor.consume(MINUS)
  const first = cursor.peek()
  if (first === 0x4e || first === 0x49) return readSpecial(cursor, negative)
  if (!isDigit(first)) return cursor.fail(JSON_SYNTAX.valueInvalid)
  cursor.at += 1
  if (first !== ZERO) skipDigits(cursor)
  let integer = true
  if (cursor.consume(0x2e)) {
    integer = false
    if (!skipDigits(cursor)) cursor.fail(JSON_SYNTAX.fractionMissing)
  }
  if (cursor.consume(0x65) || cursor.consume(0x45)) {
    integer = false
    if (!cursor.consume(0x2b)) cursor.consume(MINUS)
    if (!skipDigits(cursor)) cursor.fail(JSON_SYNTAX.exponentMissing)
  }
  const text = cursor.text(from, cursor.at)
  const value = Number(text)
  if (!Number.isFinite(value)) cursor.fail(JSON_SYNTAX.numberTooBig, from)
  const plain = integer ? Number.isSafeInteger(value) : !Number.isInteger(value)
  return plain ? value : new JsonNumber(text)
}
