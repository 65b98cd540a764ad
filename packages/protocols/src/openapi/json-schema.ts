/** The part of JSON Schema 2020-12 that the document uses. */
export interface JsonSchema {
  readonly $ref?: string
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | 'null'
  readonly description?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | JsonSchema
  readonly items?: JsonSchema
  readonly minItems?: number
  readonly maxItems?: number
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly enum?: readonly string[]
  readonly const?: string | number
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly format?: 'int64' | 'double' | 'byte'
  readonly default?: string | number | boolean
}

/** An object whose named members are all there unless they are listed as optional; further members may come. */
export function object(
  properties: Readonly<Record<string, JsonSchema>>,
  optional: readonly string[] = [],
): JsonSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return required.length === 0 ? { type: 'object', properties } : { type: 'object', properties, required }
}

export function list(items: JsonSchema): JsonSchema {
  return { type: 'array', items }
}

/** A schema that stands in the document under this name. */
export function reference(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` }
}
