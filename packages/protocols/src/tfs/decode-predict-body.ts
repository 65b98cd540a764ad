import type { DType, NamedTensors, Signature, Tensor, TensorSpec } from '@understudy/core'
import { describeJson } from '../json/describe-json.ts'
import { JsonSyntaxError } from '../json/json-syntax-error.ts'
import { isJsonObject, type JsonObject, type JsonValue, member } from '../json/json-value.ts'
import { nestsTooDeep, parseJson } from '../json/parse-json.ts'
import { isBase64Value } from './base64-value.ts'
import { decodeInstances } from './decode-instances.ts'
import { malformed } from './element-errors.ts'
import { createElementWriter, type WriterFactory } from './element-writer.ts'
import { tensorFromJson } from './fill-tensor.ts'
import type { PredictBody } from './predict-body.ts'
import { scanPredictBody } from './scan-predict-body.ts'

/** The one signature that every model has. */
export const DEFAULT_SIGNATURE = 'serving_default'

const FLOATS: ReadonlySet<DType> = new Set<DType>(['float32', 'float64', 'bool', 'string'])

/** Shorter bodies cannot nest deep enough to keep `JSON.parse` busy for long. */
const DEPTH_CHECK_FROM_BYTES = 16 * 1024

function decodeColumns(
  value: JsonValue,
  inputs: readonly TensorSpec[],
  writerFor: WriterFactory,
): NamedTensors {
  const tensors = new Map<string, Tensor>()
  if (!isJsonObject(value) || isBase64Value(value)) {
    const [only, ...others] = inputs
    if (only === undefined || others.length > 0) {
      throw malformed(
        'inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map',
      )
    }
    return tensors.set(only.name, tensorFromJson(value, only, writerFor))
  }
  for (const spec of inputs) {
    const item = member(value, spec.name)
    if (item === undefined) throw malformed(`Missing named input: ${spec.name} in 'inputs' object.`)
    tensors.set(spec.name, tensorFromJson(item, spec, writerFor))
  }
  return tensors
}

function checkSignatureName(document: JsonObject): void {
  const name = member(document, 'signature_name')
  if (name === undefined) return
  if (typeof name !== 'string') throw malformed("'signature_name' key must be a string value.")
  if (name !== '' && name !== DEFAULT_SIGNATURE) {
    throw malformed(`Serving signature name: "${name.slice(0, 256)}" not found in signature def`)
  }
}

function decodeDocument(document: JsonValue, signature: Signature, writerFor: WriterFactory): PredictBody {
  if (!isJsonObject(document)) throw malformed(`JSON Value: ${describeJson(document)} Is not object`)
  checkSignatureName(document)
  if (signature.inputs.length === 0) throw malformed('Failed to get input map for signature: DEFAULT')
  const instances = member(document, 'instances')
  const inputs = member(document, 'inputs')
  if (instances !== undefined && inputs !== undefined) {
    throw malformed("Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist")
  }
  if (inputs !== undefined) {
    return { form: 'columnar', inputs: decodeColumns(inputs, signature.inputs, writerFor) }
  }
  if (instances === undefined) throw malformed("Missing 'inputs' or 'instances' key")
  if (!Array.isArray(instances)) throw malformed("Expecting 'instances' to be an list/array")
  if (instances.length === 0) throw malformed("No values in 'instances' array")
  return { form: 'row', inputs: decodeInstances(instances, signature.inputs, writerFor) }
}

/** No honest body holds more elements than bytes: that bounds what a lying shape can allocate. */
function boundedWriters(bytes: Uint8Array, finiteOnly: boolean): WriterFactory {
  return (dtype, elements) => createElementWriter(dtype, Math.min(elements, bytes.length), finiteOnly)
}

/**
 * The short way with `JSON.parse`: undefined whenever the result could differ from the exact reader's, errors included.
 * Integer types need to see how a number was written, so a point or exponent sends them the long way.
 */
function decodeFast(bytes: Uint8Array, signature: Signature): PredictBody | undefined {
  if (bytes.length > DEPTH_CHECK_FROM_BYTES && nestsTooDeep(bytes)) return undefined
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const onlyFloats = signature.inputs.every((input) => FLOATS.has(input.dtype))
  if (!onlyFloats && /\.|\d[eE]/.test(text)) return undefined
  try {
    const document = JSON.parse(text) as JsonValue
    return decodeDocument(document, signature, boundedWriters(bytes, true))
  } catch {
    return undefined
  }
}

/**
 * Decodes the body of `:predict` into tensors of the signature's types and the body's shapes.
 *
 * 64-bit integers are exact; bare `NaN`, `Infinity`, `-Infinity` and bytes after the document are accepted. Shapes are
 * not compared with the signature: whoever runs the request does that.
 * @throws PlatformError `request.malformed`, `request.unsupported` with TensorFlow Serving's texts
 * @see TensorFlow Serving, util/json_tensor.cc
 */
export function decodePredictBody(bytes: Uint8Array, signature: Signature): PredictBody {
  if (bytes.length === 0) throw malformed('JSON Parse error: The document is empty')
  const fast = scanPredictBody(bytes, signature) ?? decodeFast(bytes, signature)
  if (fast !== undefined) return fast
  return decodeDocument(parseExactly(bytes), signature, boundedWriters(bytes, false))
}

function parseExactly(bytes: Uint8Array): JsonValue {
  try {
    return parseJson(bytes)
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw malformed(`JSON Parse error: ${error.message}`)
    throw error
  }
}
