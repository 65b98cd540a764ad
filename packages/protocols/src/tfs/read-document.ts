import { describeJson } from '../json/describe-json.ts'
import { JsonSyntaxError } from '../json/json-syntax-error.ts'
import { isJsonObject, type JsonObject, type JsonValue, member } from '../json/json-value.ts'
import { parseJson } from '../json/parse-json.ts'
import { malformed } from './element-errors.ts'

/** The document of a body without loss; what follows it is not looked at. @throws PlatformError `request.malformed` */
export function readDocument(bytes: Uint8Array): JsonObject {
  if (bytes.length === 0) throw malformed('JSON Parse error: The document is empty')
  try {
    return asObject(parseJson(bytes))
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw malformed(`JSON Parse error: ${error.message}`)
    throw error
  }
}

export function asObject(document: JsonValue): JsonObject {
  if (isJsonObject(document)) return document
  throw malformed(`JSON Value: ${describeJson(document)} Is not object`)
}

/** The signature that a body names; empty when it names none. @throws PlatformError `request.malformed` */
export function readSignatureName(document: JsonObject): string {
  const name = member(document, 'signature_name')
  if (name === undefined) return ''
  if (typeof name !== 'string') throw malformed("'signature_name' key must be a string value.")
  return name
}
