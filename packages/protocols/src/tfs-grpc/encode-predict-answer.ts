import type { NamedTensors } from '@understudy/core'
import { WireWriter } from '../grpc/wire-writer.ts'
import { type AnsweredSpec, writeModelSpec } from './model-spec.ts'
import { writeTensorProto } from './write-tensor-proto.ts'

const RESPONSE = { outputs: 1, spec: 2 } as const
const ENTRY = { key: 1, value: 2 } as const
const HEAD_BYTES = 256

/** Writes a `PredictResponse`, with the version and the signature that answered. */
export function encodePredictAnswer(outputs: NamedTensors, spec: AnsweredSpec): Uint8Array {
  const writer = new WireWriter(HEAD_BYTES + bytesOf(outputs))
  for (const [name, tensor] of outputs) {
    const entry = writer.begin(RESPONSE.outputs)
    writer.text(ENTRY.key, name)
    const value = writer.begin(ENTRY.value)
    writeTensorProto(writer, tensor)
    writer.end(value)
    writer.end(entry)
  }
  writeModelSpec(writer, RESPONSE.spec, spec)
  return writer.finish()
}

function bytesOf(outputs: NamedTensors): number {
  let bytes = 0
  for (const { data } of outputs.values()) {
    bytes += Array.isArray(data) ? data.length * 8 : (data as Uint8Array).byteLength
  }
  return bytes
}
