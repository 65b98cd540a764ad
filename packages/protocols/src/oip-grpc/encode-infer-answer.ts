import type { NamedTensors, Signature, Tensor } from '@understudy/core'
import { WireWriter } from '../grpc/wire-writer.ts'
import { OIP_DATATYPE } from '../oip/datatypes.ts'
import { classified } from '../oip/encode-infer-response.ts'
import type { AnswerForm } from '../oip/infer-request.ts'
import { encodeRawTensor } from '../oip/raw-tensor.ts'
import { writeTypedContents } from './write-typed-contents.ts'

const RESPONSE = { model: 1, version: 2, id: 3, outputs: 5, raw: 6 } as const
const TENSOR = { name: 1, datatype: 2, shape: 3, contents: 5 } as const
/** Field of `ModelStreamInferResponse`. */
const STREAM = { errorMessage: 1, inferResponse: 2 } as const
const HEAD_BYTES = 256

export interface InferGrpcAnswer {
  readonly model: string
  readonly version: number
  readonly outputs: NamedTensors
  readonly form: AnswerForm
  readonly signature: Signature
  /** Names of classes by output. */
  readonly classLabels: Readonly<Record<string, readonly string[]>>
}

/**
 * Writes a `ModelInferResponse` with the outputs in the order given: raw, as Triton does whatever the form of the request, or typed for a
 * request that turns `binary_data_output` off. Where an output has a type that only raw bytes can hold, all are raw.
 */
export function encodeInferAnswer(answer: InferGrpcAnswer): Uint8Array {
  const outputs = shownOutputs(answer)
  const writer = new WireWriter(HEAD_BYTES + bytesOf(outputs))
  writeAnswer(writer, answer, outputs)
  return writer.finish()
}

/** The same as one message of `ModelStreamInfer`. */
export function encodeStreamAnswer(answer: InferGrpcAnswer): Uint8Array {
  const outputs = shownOutputs(answer)
  const writer = new WireWriter(HEAD_BYTES + bytesOf(outputs))
  const nested = writer.begin(STREAM.inferResponse)
  writeAnswer(writer, answer, outputs)
  writer.end(nested)
  return writer.finish()
}

/** A failure within `ModelStreamInfer`, with the id of the request that it belongs to. */
export function encodeStreamError(message: string, id: string): Uint8Array {
  const writer = new WireWriter()
  writer.text(STREAM.errorMessage, message)
  const nested = writer.begin(STREAM.inferResponse)
  if (id !== '') writer.text(RESPONSE.id, id)
  writer.end(nested)
  return writer.finish()
}

function writeAnswer(
  writer: WireWriter,
  { model, version, form }: InferGrpcAnswer,
  outputs: NamedTensors,
): void {
  writer.text(RESPONSE.model, model)
  writer.text(RESPONSE.version, String(version))
  if (form.id !== '') writer.text(RESPONSE.id, form.id)
  const isRaw = form.isBinary || hasRawOnly(outputs)
  for (const [name, tensor] of outputs) writeOutput(writer, name, tensor, isRaw)
  if (!isRaw) return
  for (const tensor of outputs.values()) writer.bytes(RESPONSE.raw, encodeRawTensor(tensor))
}

function writeOutput(writer: WireWriter, name: string, tensor: Tensor, isRaw: boolean): void {
  const { dtype, shape } = tensor
  const output = writer.begin(RESPONSE.outputs)
  writer.text(TENSOR.name, name)
  writer.text(TENSOR.datatype, OIP_DATATYPE[dtype])
  if (shape.length > 0) {
    const sizes = writer.begin(TENSOR.shape)
    for (const size of shape) writer.int64(size)
    writer.end(sizes)
  }
  if (!isRaw) {
    const contents = writer.begin(TENSOR.contents)
    writeTypedContents(writer, tensor)
    writer.end(contents)
  }
  writer.end(output)
}

function shownOutputs(answer: InferGrpcAnswer): NamedTensors {
  const { outputs, form } = answer
  if (form.outputs === undefined) return outputs
  const shown = new Map<string, Tensor>()
  for (const [name, tensor] of outputs) {
    const output = form.outputs.find((other) => other.name === name)
    const isTensor = output === undefined || output.classCount === 0
    shown.set(name, isTensor ? tensor : classified(answer, tensor, output))
  }
  return shown
}

function hasRawOnly(outputs: NamedTensors): boolean {
  for (const { dtype } of outputs.values()) if (dtype === 'float16') return true
  return false
}

function bytesOf(outputs: NamedTensors): number {
  let bytes = 0
  for (const { data } of outputs.values()) {
    bytes += Array.isArray(data) ? data.length * 8 : (data as Uint8Array).byteLength
  }
  return bytes
}
