import {
  describeSpec,
  elementCount,
  type NamedTensors,
  PlatformError,
  type Signature,
  type Tensor,
  type TensorSpec,
} from '@understudy/core'
import {
  decodeInstances,
  type JsonValue,
  MAX_RANK,
  tensorFromJson,
  type WriterFactory,
} from '@understudy/protocols'
import { createPlainWriter } from './plain-writer.ts'
import type { FlatTensor, PredictInput, TensorInput } from './schemas.ts'

function malformed(message: string): PlatformError {
  return new PlatformError('request.malformed', message)
}

/** Elements really there: bounds what a lying shape can allocate. */
function countLeaves(value: unknown, depth = 0): number {
  if (depth > MAX_RANK + 1) throw malformed(`Lists are nested deeper than ${MAX_RANK} levels`)
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + countLeaves(item, depth + 1), 0)
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce<number>((sum, item) => sum + countLeaves(item, depth + 1), 0)
}

function boundedWriters(value: unknown): WriterFactory {
  const leaves = countLeaves(value)
  return (dtype, elements) => createPlainWriter(dtype, Math.min(elements, leaves))
}

function isFlatTensor(value: TensorInput): value is FlatTensor {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isShape(shape: unknown): shape is readonly number[] {
  return (
    Array.isArray(shape) &&
    shape.length <= MAX_RANK &&
    shape.every((size) => Number.isSafeInteger(size) && size >= 0)
  )
}

function decodeFlat(flat: FlatTensor, spec: TensorSpec): Tensor {
  const where = `input ${spec.name}: ${describeSpec(spec)}`
  if (flat.dtype !== undefined && flat.dtype !== spec.dtype) {
    throw new PlatformError(
      'onnx.input_type_mismatch',
      `expected ${spec.dtype}, got ${String(flat.dtype)} (${where})`,
    )
  }
  if (!isShape(flat.shape) || !Array.isArray(flat.data)) {
    throw malformed(`expected {dtype?, shape, data} or nested lists (${where})`)
  }
  if (elementCount(flat.shape) !== flat.data.length) {
    throw malformed(
      `shape [${flat.shape.join(', ')}] holds ${elementCount(flat.shape)} elements, data holds ${flat.data.length} (${where})`,
    )
  }
  return { ...tensorFromJson(flat.data, spec, createPlainWriter), shape: flat.shape }
}

function decodeInput(value: TensorInput, spec: TensorSpec): Tensor {
  if (isFlatTensor(value)) return decodeFlat(value, spec)
  return tensorFromJson(value, spec, boundedWriters(value))
}

/**
 * Tensors of a call, typed by the signature, in the signature's order. Shapes are not compared with it: whoever runs the
 * request does that.
 *
 * @throws PlatformError `request.malformed`, `onnx.input_missing`, `onnx.input_unknown`, `onnx.input_type_mismatch`
 */
export function decodeInputs(input: PredictInput, signature: Signature): NamedTensors {
  if (input.instances !== undefined) {
    const rows: readonly JsonValue[] = input.instances
    return decodeInstances(rows, signature.inputs, boundedWriters(rows))
  }
  const given = input.inputs ?? {}
  const expected = signature.inputs.map((spec) => `${spec.name}: ${describeSpec(spec)}`).join(', ')
  const unknown = Object.keys(given).find((name) => !signature.inputs.some((spec) => spec.name === name))
  if (unknown !== undefined) {
    throw new PlatformError('onnx.input_unknown', `There is no input "${unknown}"; expected ${expected}.`)
  }
  const tensors = new Map<string, Tensor>()
  for (const spec of signature.inputs) {
    const value = Object.hasOwn(given, spec.name) ? given[spec.name] : undefined
    if (value === undefined) {
      throw new PlatformError('onnx.input_missing', `Input "${spec.name}" is missing; expected ${expected}.`)
    }
    tensors.set(spec.name, decodeInput(value, spec))
  }
  return tensors
}
