import { toPlatformError } from '@understudy/core'
import { decodePredictBody, encodePredictResponse } from '@understudy/protocols'
import type { CodecReply, CodecRequest, CodecResult, CodecTask } from './codec-protocol.ts'
import { ownBytes, ownTensors } from './own-memory.ts'

interface CarriedOut {
  readonly result: CodecResult
  readonly transfer: ArrayBuffer[]
}

function carryOut(task: CodecTask): CarriedOut {
  if (task.kind === 'encode') {
    const { value, transfer } = ownBytes(Buffer.from(encodePredictResponse(task.outputs, task.form)))
    return { result: { kind: 'encoded', body: value }, transfer }
  }
  const { form, inputs } = decodePredictBody(task.bytes, task.signature)
  const { value, transfer } = ownTensors(inputs, { copies: false })
  return { result: { kind: 'decoded', body: { form, inputs: value } }, transfer }
}

/** Reads or writes one body with the codec of the front itself. Never throws. */
export function carryOutCodec({ id, task }: CodecRequest): {
  readonly reply: CodecReply
  readonly transfer: ArrayBuffer[]
} {
  try {
    const { result, transfer } = carryOut(task)
    return { reply: { id, result }, transfer }
  } catch (thrown) {
    const { code, message } = toPlatformError(thrown)
    return { reply: { id, result: { kind: 'failed', code, message } }, transfer: [] }
  }
}
