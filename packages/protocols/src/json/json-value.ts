/**
 * A JSON document without loss. A plain `number` that holds an integer was written as an integer within 2^53;
 * what is written otherwise (`1.0`, `1e3`, `9007199254740993`) keeps its text in a {@link JsonNumber}.
 */
export type JsonValue = null | boolean | number | string | JsonNumber | readonly JsonValue[] | JsonObject

export interface JsonObject {
  readonly [key: string]: JsonValue
}

/** A number whose text says more than a JavaScript number can. */
export class JsonNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  get isInteger(): boolean {
    return !/[.eE]/.test(this.text)
  }

  /** The nearest double. */
  get value(): number {
    return Number(this.text)
  }
}

export function isJsonObject(value: JsonValue): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)
  )
}

/** Own member of an object; undefined when there is none (never one of the prototype). */
export function member(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** RapidJSON's name of a value's type, for messages. */
export function jsonTypeName(value: JsonValue): string {
  if (value === null) return 'Null'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (typeof value === 'string') return 'String'
  if (Array.isArray(value)) return 'Array'
  return isJsonObject(value) ? 'Object' : 'Number'
}
