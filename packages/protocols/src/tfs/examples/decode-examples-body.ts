import { describeJson } from '../../json/describe-json.ts'
import {
  isJsonObject,
  JsonNumber,
  type JsonObject,
  type JsonValue,
  jsonTypeName,
  member,
} from '../../json/json-value.ts'
import { decodeBase64Bytes, isBase64Value } from '../base64-value.ts'
import { lossyError, malformed } from '../element-errors.ts'
import { readDocument, readSignatureName } from '../read-document.ts'
import type { Example, ExampleList, Feature } from './example.ts'

/** Body of `:classify` and `:regress`. */
export interface ExamplesBody extends ExampleList {
  /** Empty when the request names none. */
  readonly signatureName: string
}

type FeatureValue = number | bigint | string | Uint8Array

interface TypedValue {
  readonly kind: Feature['kind']
  readonly value: FeatureValue
}

const FLOAT_MAX = 3.4028234663852886e38
const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n
const UINT64_MAX = 2n ** 64n - 1n

/** Longer integers are beyond every integer type, and would take quadratic time. */
const INTEGER_DIGITS_MAX = 32

function integerOf(value: number | JsonNumber): bigint | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined
  if (!value.isInteger || value.text.length > INTEGER_DIGITS_MAX) return undefined
  const integer = BigInt(value.text)
  // Beyond 64 bits it is read as a double.
  return integer >= INT64_MIN && integer <= UINT64_MAX ? integer : undefined
}

function typedNumber(value: number | JsonNumber, name: string): TypedValue {
  const integer = integerOf(value)
  if (integer === undefined) {
    const double = typeof value === 'number' ? value : value.value
    if (Number.isFinite(double) && Math.abs(double) > FLOAT_MAX) throw lossyError(value, 'float32')
    return { kind: 'float', value: Math.fround(double) }
  }
  if (integer > INT64_MAX) {
    throw malformed(`Feature: ${shown(name)} has uint64 element. Only int64 is supported.`)
  }
  return { kind: 'int64', value: integer }
}

function typedValue(value: JsonValue, name: string): TypedValue {
  if (typeof value === 'number' || value instanceof JsonNumber) return typedNumber(value, name)
  if (typeof value === 'boolean') return { kind: 'int64', value: value ? 1n : 0n }
  if (typeof value === 'string') return { kind: 'bytes', value }
  if (isBase64Value(value)) return { kind: 'bytes', value: decodeBase64Bytes(value.b64) }
  throw malformed(`Feature: ${shown(name)} has element with unexpected JSON type: ${jsonTypeName(value)}`)
}

/** Undefined for an empty list: it has no kind, and no values to feed an input. */
function featureOf(content: JsonValue, name: string): Feature | undefined {
  const items: readonly JsonValue[] = Array.isArray(content) ? content : [content]
  const values: FeatureValue[] = []
  let kind: Feature['kind'] | undefined
  for (const item of items) {
    const typed = typedValue(item, name)
    kind ??= typed.kind
    if (typed.kind !== kind) {
      throw malformed(`Unexpected element type in feature: ${shown(name)} expecting type: ${kind}`)
    }
    values.push(typed.value)
  }
  // All values are of the kind of the first.
  return kind === undefined ? undefined : ({ kind, values } as unknown as Feature)
}

function exampleOf(value: JsonValue): Example {
  if (!isJsonObject(value)) {
    throw malformed(`Example must be JSON object but got JSON ${jsonTypeName(value)}`)
  }
  const features = new Map<string, Feature>()
  for (const name of Object.keys(value)) {
    const feature = featureOf(value[name] ?? null, name)
    if (feature !== undefined) features.set(name, feature)
  }
  return features
}

function exampleValues(document: JsonObject): readonly JsonValue[] {
  const value = member(document, 'examples')
  const refuse = (what: string) => malformed(`JSON Value: ${describeJson(document)} ${what}`)
  if (value === undefined) {
    throw refuse("When method is classify, key 'examples' is expected and was not found")
  }
  if (!Array.isArray(value)) throw refuse("Expecting 'examples' value to be an list/array")
  if (value.length === 0) throw refuse("'examples' value is an empty array")
  return value
}

function shown(name: string): string {
  return name.length > 100 ? `${name.slice(0, 100)}...` : name
}

/**
 * Decodes the body of `:classify` and `:regress` into examples.
 *
 * A JSON number with point or exponent, `NaN` and `Infinity` are floats; integers, `true` and `false` are int64; strings and base64 values
 * are bytes. All values of a feature are of one kind.
 * @throws PlatformError `request.malformed` with TensorFlow Serving's texts
 * @see TensorFlow Serving, util/json_tensor.cc
 */
export function decodeExamplesBody(bytes: Uint8Array): ExamplesBody {
  const document = readDocument(bytes)
  const signatureName = readSignatureName(document)
  const context = member(document, 'context')
  return {
    signatureName,
    context: context === undefined ? undefined : exampleOf(context),
    examples: exampleValues(document).map(exampleOf),
  }
}
