import type { ByteCursor } from './byte-cursor.ts'
import { JSON_SYNTAX } from './json-syntax-error.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c

const ESCAPES: Readonly<Record<number, string>> = {
  34: '"',
  92: '\\',
  47: '/',
  98: '\b',
  102: '\f',
  110: '\n',
  114: '\r',
  116: '\t',
}

function readHex(cursor: ByteCursor, escapeAt: number): number {
  const text = cursor.text(cursor.at, Math.min(cursor.at + 4, cursor.bytes.length))
  if (!/^[0-9a-fA-F]{4}$/.test(text)) cursor.fail(JSON_SYNTAX.hexInvalid, escapeAt)
  cursor.at += 4
  return Number.parseInt(text, 16)
}

function readUnicode(cursor: ByteCursor, escapeAt: number): string {
  const unit = readHex(cursor, escapeAt)
  if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit)
  if (unit > 0xdbff || !cursor.consumeWord('\\u')) cursor.fail(JSON_SYNTAX.surrogateInvalid, escapeAt)
  const low = readHex(cursor, escapeAt)
  if (low < 0xdc00 || low > 0xdfff) cursor.fail(JSON_SYNTAX.surrogateInvalid, escapeAt)
  return String.fromCharCode(unit, low)
}

/** Reads a string; the cursor stands on its opening quote and ends behind the closing one. */
export function readString(cursor: ByteCursor): string {
  cursor.at += 1
  let text = ''
  let from = cursor.at
  for (;;) {
    const byte = cursor.peek()
    if (byte === QUOTE) {
      text += cursor.text(from, cursor.at)
      cursor.at += 1
      return text
    }
    if (byte === BACKSLASH) {
      text += cursor.text(from, cursor.at)
      const escapeAt = cursor.at
      const code = cursor.bytes[cursor.at + 1] ?? -1
      cursor.at += 2
      text += code === 0x75 ? readUnicode(cursor, escapeAt) : (ESCAPES[code] ?? '')
      if (code !== 0x75 && ESCAPES[code] === undefined) cursor.fail(JSON_SYNTAX.escapeInvalid, escapeAt)
      from = cursor.at
    } else if (byte < 0x20) {
      if (byte <= 0) cursor.fail(JSON_SYNTAX.quoteMissing)
      cursor.fail(JSON_SYNTAX.encodingInvalid)
    } else cursor.at += 1
  }
}
