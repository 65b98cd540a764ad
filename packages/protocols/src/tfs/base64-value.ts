import { describeJson } from '../json/describe-json.ts'
import { isJsonObject, type JsonValue } from '../json/json-value.ts'
import { malformed } from './element-errors.ts'

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/** True for `{"b64": "<text>"}`: exactly this one key, with a string. */
export function isBase64Value(value: JsonValue): value is { readonly b64: string } {
  return (
    isJsonObject(value) &&
    typeof value.b64 === 'string' &&
    Object.hasOwn(value, 'b64') &&
    Object.keys(value).length === 1
  )
}

/** Bytes of base64 text; white space in it is skipped. @throws PlatformError `request.malformed` */
export function decodeBase64Bytes(b64: string): Buffer {
  const text = b64.replace(/\s/g, '')
  if (!BASE64.test(text) || text.replace(/=+$/, '').length % 4 === 1) {
    throw malformed('Unable to base64 decode')
  }
  return Buffer.from(text, 'base64')
}

/** Text of a base64 value. String tensors hold text, so the bytes must be UTF-8. */
export function decodeBase64Value(value: JsonValue): string {
  if (!isBase64Value(value)) {
    throw malformed(`JSON Value: ${describeJson(value)} not formatted correctly for base64 data`)
  }
  const bytes = decodeBase64Bytes(value.b64)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw malformed(
      `JSON Value: ${describeJson(value)} is not UTF-8 after base64 decoding; string inputs hold text`,
    )
  }
}
