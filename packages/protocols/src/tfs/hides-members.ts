import { isJsonObject, type JsonValue } from '../json/json-value.ts'

function colonsIn(text: string): number {
  let count = 0
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) count += 1
  return count
}

/** Colons that a text of this value must hold: one for each member, and those inside of strings. */
function colonsOf(value: JsonValue): number {
  if (typeof value === 'string') return colonsIn(value)
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item !== 'number') count += colonsOf(item)
  } else if (isJsonObject(value)) {
    for (const key of Object.keys(value)) count += 1 + colonsIn(key) + colonsOf(value[key] ?? null)
  }
  return count
}

/**
 * True when a text may have members that the document which `JSON.parse` made of it does not show: of several with the same name it
 * keeps the last, where TensorFlow Serving takes the first.
 */
export function hidesMembers(text: string, document: JsonValue): boolean {
  // A colon written as an escape would be missing from the text.
  return text.includes('\\u003') || colonsIn(text) !== colonsOf(document)
}
