import { deserialize, serialize } from 'node:v8'
import { allocateData, DTYPES, elementCount, type NamedTensors, type Tensor } from '@understudy/core'

/** Tensors as bytes, by V8's structured serialization: typed arrays are written as they lie in memory. A copy. */
export function encodeInputs(inputs: NamedTensors): Buffer {
  return serialize([...inputs].map(([name, { dtype, shape, data }]) => ({ name, dtype, shape, data })))
}

/** The tensors again; undefined where the bytes are no tensors, as another release may have written them. */
export function decodeInputs(bytes: Uint8Array): NamedTensors | undefined {
  try {
    const parts: unknown = deserialize(bytes)
    if (!Array.isArray(parts)) return undefined
    const inputs = new Map<string, Tensor>()
    for (const part of parts as readonly unknown[]) {
      if (!isNamedTensor(part)) return undefined
      const { name, dtype, shape, data } = part
      inputs.set(name, { dtype, shape, data })
    }
    return inputs
  } catch {
    return undefined
  }
}

/** The same inputs, with zeros (texts: empty ones) in those of these names. */
export function redactInputs(inputs: NamedTensors, names: readonly string[]): NamedTensors {
  if (names.length === 0) return inputs
  const redacted = new Map<string, Tensor>()
  for (const [name, tensor] of inputs) {
    const data = names.includes(name) ? allocateData(tensor.dtype, tensor.data.length) : tensor.data
    redacted.set(name, { ...tensor, data })
  }
  return redacted
}

function isNamedTensor(part: unknown): part is Tensor & { readonly name: string } {
  if (typeof part !== 'object' || part === null) return false
  const { name, dtype, shape, data } = part as Record<string, unknown>
  if (typeof name !== 'string' || !DTYPES.some((known) => known === dtype)) return false
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size))) return false
  const empty = allocateData(dtype as Tensor['dtype'], 0)
  const fits = Array.isArray(data)
    ? Array.isArray(empty) && data.every((text) => typeof text === 'string')
    : ArrayBuffer.isView(data) && data instanceof empty.constructor
  return fits && (data as { readonly length: number }).length === elementCount(shape)
}
