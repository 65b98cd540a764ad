import { ByteCursor } from './byte-cursor.ts'
import { JSON_SYNTAX } from './json-syntax-error.ts'
import type { JsonObject, JsonValue } from './json-value.ts'
import { readNumber } from './read-number.ts'
import { readString } from './read-string.ts'

/** Deeper documents are refused. Tensors have a handful of axes; the limit bounds the stack. */
export const MAX_JSON_DEPTH = 64

const QUOTE = 0x22
const COMMA = 0x2c

function readKeyword(cursor: ByteCursor): true | false | null {
  const words = { 116: ['true', true], 102: ['false', false], 110: ['null', null] } as const
  const byte = cursor.peek()
  if (byte !== 0x74 && byte !== 0x66 && byte !== 0x6e) return cursor.fail(JSON_SYNTAX.valueInvalid)
  const [word, value] = words[byte]
  if (!cursor.consumeWord(word)) cursor.fail(JSON_SYNTAX.valueInvalid)
  return value
}

function readArray(cursor: ByteCursor, depth: number): readonly JsonValue[] {
  const items: JsonValue[] = []
  cursor.at += 1
  cursor.skipWhitespace()
  if (cursor.consume(0x5d)) return items
  for (;;) {
    items.push(readValue(cursor, depth + 1))
    cursor.skipWhitespace()
    if (cursor.consume(COMMA)) cursor.skipWhitespace()
    else if (cursor.consume(0x5d)) return items
    else cursor.fail(JSON_SYNTAX.arrayEndMissing)
  }
}

function readObject(cursor: ByteCursor, depth: number): JsonObject {
  // Without a prototype a member named __proto__ is a member like any other.
  const object: Record<string, JsonValue> = Object.create(null)
  cursor.at += 1
  cursor.skipWhitespace()
  if (cursor.consume(0x7d)) return object
  for (;;) {
    if (cursor.peek() !== QUOTE) cursor.fail(JSON_SYNTAX.nameMissing)
    const key = readString(cursor)
    cursor.skipWhitespace()
    if (!cursor.consume(0x3a)) cursor.fail(JSON_SYNTAX.colonMissing)
    cursor.skipWhitespace()
    const value = readValue(cursor, depth + 1)
    if (!(key in object)) object[key] = value
    cursor.skipWhitespace()
    if (cursor.consume(COMMA)) cursor.skipWhitespace()
    else if (cursor.consume(0x7d)) return object
    else cursor.fail(JSON_SYNTAX.objectEndMissing)
  }
}

/** Reads one value of a document; the cursor stands on its first byte. */
export function readValue(cursor: ByteCursor, depth: number): JsonValue {
  if (depth > MAX_JSON_DEPTH) cursor.fail(JSON_SYNTAX.tooDeep)
  switch (cursor.peek()) {
    case 0x5b:
      return readArray(cursor, depth)
    case 0x7b:
      return readObject(cursor, depth)
    case QUOTE:
      return readString(cursor)
    case 0x74:
    case 0x66:
    case 0x6e:
      return readKeyword(cursor)
    default:
      return readNumber(cursor)
  }
}

/**
 * Reads the first JSON document of the bytes without loss; what follows it is not looked at.
 *
 * Accepts bare `NaN`, `Infinity`, `-Infinity`. Of members with the same name the first counts. Depth is bounded by
 * {@link MAX_JSON_DEPTH}, time and memory by the length of the input.
 * @throws JsonSyntaxError
 * @see RapidJSON with kParseNanAndInfFlag and kParseStopWhenDoneFlag, as TensorFlow Serving uses it
 */
export function parseJson(bytes: Uint8Array): JsonValue {
  const hasByteOrderMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  const cursor = new ByteCursor(bytes, hasByteOrderMark ? 3 : 0)
  cursor.skipWhitespace()
  if (cursor.peek() === -1) cursor.fail(JSON_SYNTAX.documentEmpty)
  return readValue(cursor, 1)
}

/** True when brackets nest deeper than {@link MAX_JSON_DEPTH}: such bytes must not reach `JSON.parse`, which takes seconds for them. */
export function nestsTooDeep(bytes: Uint8Array): boolean {
  let depth = 0
  let quoted = false
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index]
    if (quoted) {
      if (byte === 0x5c) index += 1
      else if (byte === QUOTE) quoted = false
    } else if (byte === QUOTE) quoted = true
    else if (byte === 0x5b || byte === 0x7b) {
      depth += 1
      if (depth > MAX_JSON_DEPTH) return true
    } else if (byte === 0x5d || byte === 0x7d) depth -= 1
  }
  return false
}
