import {
  isPlatformError,
  type NamedTensors,
  PlatformError,
  type Signature,
  type Tensor,
} from '@understudy/core'
import { OIP_DATATYPE } from './datatypes.ts'
import type { DeclaredInput, InferDocument, InferRequest } from './infer-request.ts'
import { malformed, shownName } from './oip-error-texts.ts'
import { decodeRawRequest } from './raw-request.ts'
import { decodeRawTensor } from './raw-tensor.ts'
import { readInferDocument } from './read-infer-document.ts'

/** Request header with the size of the JSON in front of binary data. */
export const INFERENCE_HEADER_LENGTH = 'inference-header-content-length'

export interface InferContext {
  /** Size of the JSON at the front of the body, 0: there is none; undefined: there is nothing else. */
  readonly headerLength: number | undefined
  readonly model: string
  readonly signature: Signature
}

/** Read last: a client sends the same with every request. */
let lastLength = { text: '0', bytes: 0 }

/**
 * Reads the header with the size of the JSON; undefined where there is none.
 *
 * @throws PlatformError `request.malformed`
 */
export function parseHeaderLength(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (text === lastLength.text) return lastLength.bytes
  const trimmed = text.trim()
  if (/^\d{1,10}$/.test(trimmed)) {
    lastLength = { text, bytes: Number(trimmed) }
    return lastLength.bytes
  }
  throw malformed(`Unable to parse Inference-Header-Content-Length, got: ${shownName(trimmed)}`)
}

/**
 * Texts and truths are looked at one by one, so whoever decides where a body is read goes by the signature: none may slip in among
 * numbers.
 */
function checkSlowType({ name, dtype }: DeclaredInput, { model, signature }: InferContext): void {
  if (dtype !== 'string' && dtype !== 'bool') return
  const spec = signature.inputs.find((input) => input.name === name)
  if (spec?.dtype === dtype) return
  const subject = `inference input '${shownName(name)}'`
  if (spec === undefined) {
    throw new PlatformError('onnx.input_unknown', `unexpected ${subject} for model '${shownName(model)}'`)
  }
  throw new PlatformError(
    'onnx.input_type_mismatch',
    `${subject} data-type is '${OIP_DATATYPE[dtype]}', but model '${shownName(model)}' expects '${OIP_DATATYPE[spec.dtype]}'`,
  )
}

function rawInput(input: DeclaredInput, bytes: Uint8Array, context: InferContext): Tensor {
  checkSlowType(input, context)
  try {
    return decodeRawTensor(input.dtype, input.shape, bytes)
  } catch (error) {
    if (!isPlatformError(error)) throw error
    const message = `${error.message} (input '${shownName(input.name)}')`
    throw new PlatformError(error.code, message, { cause: error })
  }
}

/** Inputs in their order: each takes what is its own of the bytes behind the JSON. */
function takeInputs(
  declared: readonly DeclaredInput[],
  binary: Uint8Array,
  context: InferContext,
): NamedTensors {
  const { model } = context
  const inputs = new Map<string, Tensor>()
  let at = 0
  for (const input of declared) {
    const { name, dtype, shape, data, binarySizeBytes } = input
    if (data !== undefined) {
      inputs.set(name, { dtype, shape, data })
      continue
    }
    const sizeBytes = binarySizeBytes ?? 0
    const left = binary.length - at
    if (sizeBytes > left) {
      throw malformed(
        `unexpected size for input '${shownName(name)}', expecting ${sizeBytes - left} additional bytes for model '${shownName(model)}'`,
      )
    }
    const own = sizeBytes === binary.length ? binary : binary.subarray(at, at + sizeBytes)
    inputs.set(name, rawInput(input, own, context))
    at += sizeBytes
  }
  if (at < binary.length) throw malformed(`unexpected additional input data for model '${shownName(model)}'`)
  return inputs
}

/**
 * Reads the body of `infer`: JSON, JSON with binary tensors behind it, or the bytes of the only input.
 *
 * Binary inputs are views of the body where their alignment allows it. Names and shapes are not compared with the signature: whoever runs
 * the request does that.
 * @param readDocument reads the JSON; whoever keeps what was read gives another one
 * @throws PlatformError `request.malformed`, `request.unsupported` with Triton's texts
 * @see Triton, server/src/http_server.cc and the binary tensor data extension
 */
export function decodeInferRequest(
  bytes: Uint8Array,
  context: InferContext,
  readDocument: (bytes: Uint8Array) => InferDocument = readInferDocument,
): InferRequest {
  const { headerLength = bytes.length, model, signature } = context
  if (headerLength > bytes.length) {
    throw malformed(`inference header size should be in range (0, ${bytes.length}), got: ${headerLength}`)
  }
  if (context.headerLength === 0) {
    const form = { id: '', outputs: undefined, isBinary: true }
    return { inputs: decodeRawRequest(bytes, signature, model), form, timeoutMs: undefined }
  }
  const { inputs, form, timeoutMs } = readDocument(bytes.subarray(0, headerLength))
  return { inputs: takeInputs(inputs, bytes.subarray(headerLength), context), form, timeoutMs }
}
