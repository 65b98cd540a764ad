import { decodeLargeCalls, encodeOutputsText, type LargeCall } from '@understudy/api/predict-codec'
import { type NamedTensors, toPlatformError } from '@understudy/core'
import {
  decodeExamplesRequest,
  decodeInferRequest,
  decodePredictBody,
  encodeExamplesResponse,
  encodeInferResponse,
  encodePredictResponse,
} from '@understudy/protocols'
import { joinInfer } from '../http/join-infer.ts'
import type { CodecReply, CodecRequest, CodecResult, CodecTask } from './codec-protocol.ts'
import { atOnce } from './in-turns.ts'
import { arrivedTensors, type CarriedTensors, carriedTensors, ownBytes, ownTensors } from './own-memory.ts'

interface CarriedOut {
  readonly result: CodecResult
  readonly transfer: ArrayBuffer[]
}

function carryOut(task: CodecTask): CarriedOut {
  switch (task.kind) {
    case 'decode': {
      const { form, inputs } = decodePredictBody(task.bytes, task.signature, task.mappings)
      const { value, transfer } = atOnce(carriedTensors(inputs, { copies: false }))
      return { result: { kind: 'decoded', body: { form, inputs: value } }, transfer }
    }
    case 'decodeExamples': {
      const { mapping, inputs } = decodeExamplesRequest(task.bytes, task.target)
      const { value, transfer } = atOnce(carriedTensors(inputs, { copies: false }))
      return { result: { kind: 'examplesDecoded', request: { mapping, inputs: value } }, transfer }
    }
    case 'decodeInfer': {
      const { inputs, form, timeoutMs } = decodeInferRequest(task.bytes, task.context)
      const { value, transfer } = atOnce(carriedTensors(inputs, { copies: false }))
      return { result: { kind: 'inferDecoded', request: { inputs: value, form, timeoutMs } }, transfer }
    }
    case 'encodeInfer': {
      const { body, headerLength } = joinInfer(
        encodeInferResponse({ ...task.answer, outputs: arrived(task.answer.outputs) }),
      )
      const { value, transfer } = ownBytes(typeof body === 'string' ? Buffer.from(body) : body)
      return { result: { kind: 'inferEncoded', body: value, headerLength }, transfer }
    }
    case 'decodeCalls':
      return decodeCalls(task)
    case 'encodeOutputs':
      return encoded(encodeOutputsText(arrived(task.outputs)))
    case 'encode':
      return encoded(encodePredictResponse(arrived(task.outputs), task.form))
    case 'encodeExamples': {
      const { mapping, classLabels } = task.made
      return encoded(encodeExamplesResponse(arrived(task.outputs), mapping, classLabels))
    }
  }
}

function decodeCalls({ bytes, count, known }: Extract<CodecTask, { kind: 'decodeCalls' }>): CarriedOut {
  const decoded = decodeLargeCalls(bytes, count, known)
  if (decoded.kind !== 'calls') {
    const own = ownBytes(bytes)
    return { result: { kind: 'callsDecoded', read: { decoded, bytes: own.value } }, transfer: own.transfer }
  }
  const transfer: ArrayBuffer[] = []
  const calls = decoded.calls.map((call): LargeCall => {
    if (call.kind !== 'read' || call.inputs === undefined) return call
    // Tensors of a body that is not that large may share their memory.
    const own = ownTensors(call.inputs)
    transfer.push(...own.transfer)
    return { ...call, inputs: own.value }
  })
  return {
    result: { kind: 'callsDecoded', read: { decoded: { kind: 'calls', calls }, bytes: undefined } },
    transfer,
  }
}

function arrived(carried: CarriedTensors): NamedTensors {
  return atOnce(arrivedTensors(carried))
}

function encoded(text: string): CarriedOut {
  const { value, transfer } = ownBytes(Buffer.from(text))
  return { result: { kind: 'encoded', body: value }, transfer }
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
