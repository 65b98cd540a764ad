import { formatFloat } from './format-float.ts'
import { isJsonObject, JsonNumber, type JsonValue } from './json-value.ts'

const MAX_LENGTH = 256

function write(value: JsonValue): string {
  if (typeof value === 'number')
    return Number.isInteger(value) ? String(value) : formatFloat(value, 'float64')
  if (value instanceof JsonNumber) return value.isInteger ? value.text : formatFloat(value.value, 'float64')
  if (Array.isArray(value)) return writeList('[', value, write, ']')
  if (isJsonObject(value)) {
    return writeList(
      '{',
      Object.entries(value),
      ([key, item]) => `${JSON.stringify(key)}:${write(item)}`,
      '}',
    )
  }
  return JSON.stringify(value)
}

function writeList<T>(open: string, items: readonly T[], one: (item: T) => string, close: string): string {
  let text = open
  for (const item of items) {
    if (text.length > MAX_LENGTH) break
    text += text === open ? one(item) : `,${one(item)}`
  }
  return text + close
}

/** A value as messages quote it, cut where it gets long. */
export function describeJson(value: JsonValue): string {
  const text = write(typeof value === 'string' ? value.slice(0, MAX_LENGTH + 1) : value)
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH)}...`
}
