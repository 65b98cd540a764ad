import type { NamedTensors, Tensor } from '@understudy/core'

/** Something to post to another thread, with the buffers that are handed over instead of being copied. */
export interface Posted<T> {
  readonly value: T
  readonly transfer: ArrayBuffer[]
  readonly sizeBytes: number
}

function isWhole(view: ArrayBufferView): boolean {
  return view.byteLength === view.buffer.byteLength && view.buffer instanceof ArrayBuffer
}

/** Bytes in memory of their own: a view would carry the whole of its buffer along, and take it from others. */
export function ownBytes(bytes: Uint8Array): Posted<Uint8Array> {
  const value = isWhole(bytes) ? bytes : Uint8Array.prototype.slice.call(bytes)
  return { value, transfer: [value.buffer as ArrayBuffer], sizeBytes: value.byteLength }
}

/** Tensors in memory of their own. Copies keep the originals usable; without them, whole buffers are given away. */
export function ownTensors(
  tensors: NamedTensors,
  { copies }: { readonly copies: boolean },
): Posted<NamedTensors> {
  const transfer: ArrayBuffer[] = []
  let sizeBytes = 0
  const value = new Map<string, Tensor>()
  for (const [name, { dtype, shape, data }] of tensors) {
    if (!ArrayBuffer.isView(data)) {
      sizeBytes += data.reduce((sum, text) => sum + 2 * text.length, 0)
      value.set(name, { dtype, shape, data })
      continue
    }
    const own = copies || !isWhole(data) ? (data as Float32Array).slice() : data
    transfer.push(own.buffer as ArrayBuffer)
    sizeBytes += own.byteLength
    value.set(name, { dtype, shape, data: own })
  }
  return { value, transfer, sizeBytes }
}
