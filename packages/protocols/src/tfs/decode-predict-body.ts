import type { DType, NamedTensors, Signature, Tensor, TensorSpec } from '@understudy/core'
import { isJsonObject, type JsonValue, member } from '../json/json-value.ts'
import { nestsTooDeep } from '../json/parse-json.ts'
import { isBase64Value } from './base64-value.ts'
import { decodeInstances } from './decode-instances.ts'
import { malformed } from './element-errors.ts'
import { createElementWriter, type WriterFactory } from './element-writer.ts'
import { tensorFromJson } from './fill-tensor.ts'
import { hidesMembers } from './hides-members.ts'
import type { PredictBody } from './predict-body.ts'
import { asObject, readDocument, readSignatureName } from './read-document.ts'
import { scanPredictBody } from './scan-predict-body.ts'
import { checkPredictSignature, type SignatureMappings } from './signature-defs.ts'

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

/** What a body is decoded for. */
interface Target {
  readonly signature: Signature
  readonly mappings: SignatureMappings
}

function decodeDocument(
  value: JsonValue,
  { signature, mappings }: Target,
  writerFor: WriterFactory,
): PredictBody {
  const document = asObject(value)
  checkPredictSignature(readSignatureName(document), mappings)
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
function decodeFast(bytes: Uint8Array, target: Target): PredictBody | undefined {
  if (bytes.length > DEPTH_CHECK_FROM_BYTES && nestsTooDeep(bytes)) return undefined
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const onlyFloats = target.signature.inputs.every((input) => FLOATS.has(input.dtype))
  if (!onlyFloats && /\.|\d[eE]/.test(text)) return undefined
  try {
    const document = JSON.parse(text) as JsonValue
    const body = decodeDocument(document, target, boundedWriters(bytes, true))
    return hidesMembers(text, document) ? undefined : body
  } catch {
    return undefined
  }
}

/**
 * Decodes the body of `:predict` into tensors of the signature's types and the body's shapes.
 *
 * 64-bit integers are exact; bare `NaN`, `Infinity`, `-Infinity` and bytes after the document are accepted. Shapes are
 * not compared with the signature: whoever runs the request does that. Of members with the same name the first counts.
 *
 * @param mappings signatures that are known by name and take no tensors
 * @throws PlatformError `request.malformed`, `request.unsupported` with TensorFlow Serving's texts
 * @see TensorFlow Serving, util/json_tensor.cc
 */
export function decodePredictBody(
  bytes: Uint8Array,
  signature: Signature,
  mappings: SignatureMappings = {},
): PredictBody {
  if (bytes.length === 0) throw malformed('JSON Parse error: The document is empty')
  const scanned = scanPredictBody(bytes, signature)
  if (scanned !== undefined) return scanned
  const target = { signature, mappings }
  return (
    decodeFast(bytes, target) ?? decodeDocument(readDocument(bytes), target, boundedWriters(bytes, false))
  )
}
