import type { NamedTensors, Tensor } from '@understudy/core'
import { type PackedTexts, packTexts, unpackTexts } from './packed-texts.ts'

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

function ownTensor({ dtype, shape, data }: Tensor, copies: boolean): Posted<Tensor> {
  if (!ArrayBuffer.isView(data)) {
    const sizeBytes = data.reduce((sum, text) => sum + 2 * text.length, 0)
    return { value: { dtype, shape, data }, transfer: [], sizeBytes }
  }
  const own = copies || !isWhole(data) ? (data as Float32Array).slice() : data
  return {
    value: { dtype, shape, data: own },
    transfer: [own.buffer as ArrayBuffer],
    sizeBytes: own.byteLength,
  }
}

/** Tensors in memory of their own, without being copied where that can be avoided: whole buffers are given away. */
export function ownTensors(tensors: NamedTensors): Posted<NamedTensors> {
  const value = new Map<string, Tensor>()
  const all: Posted<Tensor>[] = []
  for (const [name, tensor] of tensors) {
    const own = ownTensor(tensor, false)
    all.push(own)
    value.set(name, own.value)
  }
  return together(value, all)
}

/** A tensor on its way to another thread. */
type CarriedTensor =
  | Tensor
  | { readonly dtype: 'string'; readonly shape: Tensor['shape']; readonly texts: PackedTexts }
export type CarriedTensors = ReadonlyMap<string, CarriedTensor>

/** Fewer are copied sooner than they are packed. */
const PACKED_FROM_TEXTS = 1_024

/**
 * Tensors for another thread, many texts packed. Copies keep the originals usable; without them, whole buffers are given away. Yields
 * wherever others may run in between.
 */
export function* carriedTensors(
  tensors: NamedTensors,
  { copies }: { readonly copies: boolean },
): Generator<void, Posted<CarriedTensors>> {
  const value = new Map<string, CarriedTensor>()
  const all: Posted<CarriedTensor>[] = []
  for (const [name, tensor] of tensors) {
    const { shape, data } = tensor
    const isPacked = !ArrayBuffer.isView(data) && data.length >= PACKED_FROM_TEXTS
    const own = isPacked ? packed(shape, yield* packTexts(data)) : ownTensor(tensor, copies)
    all.push(own)
    value.set(name, own.value)
  }
  return together(value, all)
}

function packed(shape: Tensor['shape'], texts: PackedTexts): Posted<CarriedTensor> {
  const views = texts.parts.flatMap(({ bytes, lengths }) => [bytes, lengths])
  return {
    value: { dtype: 'string', shape, texts },
    transfer: views.map(({ buffer }) => buffer as ArrayBuffer),
    sizeBytes: views.reduce((sum, { byteLength }) => sum + byteLength, 0),
  }
}

function together<T>(value: T, all: readonly Posted<unknown>[]): Posted<T> {
  return {
    value,
    transfer: all.flatMap(({ transfer }) => transfer),
    sizeBytes: all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  }
}

/** The tensors on the other side. Yields wherever others may run in between. */
export function* arrivedTensors(carried: CarriedTensors): Generator<void, NamedTensors> {
  const tensors = new Map<string, Tensor>()
  for (const [name, tensor] of carried) {
    if ('texts' in tensor) {
      const { dtype, shape, texts } = tensor
      tensors.set(name, { dtype, shape, data: yield* unpackTexts(texts) })
    } else tensors.set(name, tensor)
  }
  return tensors
}
