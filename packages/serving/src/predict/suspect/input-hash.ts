import { createHash } from 'node:crypto'
import type { NamedTensors, Tensor } from '@understudy/core'

/**
 * SHA-256 (hex) over names, types, shapes and bytes of all inputs, whatever their order: equal exactly when a model cannot tell them
 * apart.
 */
export function inputHash(inputs: NamedTensors): string {
  const hash = createHash('sha256')
  const byName = [...inputs].sort(([left], [right]) => (left < right ? -1 : 1))
  for (const [name, tensor] of byName) {
    hash.update(JSON.stringify([name, tensor.dtype, tensor.shape]))
    hash.update(bytesOf(tensor))
  }
  return hash.digest('hex')
}

/** Texts are written as JSON, so that two never run into each other. */
function bytesOf({ data }: Tensor): Uint8Array | string {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : JSON.stringify(data)
}
