import {
  allocateData,
  BYTES_PER_ELEMENT,
  type DType,
  type NumericData,
  type NumericDType,
  viewData,
} from '@understudy/core'
import type { NumberStore } from './number-rules.ts'

const BLOCK_BYTES = 128 * 1024
/** Smaller ones lie in V8's own heap, where they cost little. */
const VIEW_FROM_BYTES = 128
/** Larger ones would soon use up a block. */
const VIEW_TO_BYTES = 8 * 1024

let block = new Uint8Array(0)
let usedBytes = 0

/**
 * A store of zeros. Those of a few hundred numbers are views of blocks that they share: memory of its own takes V8 as long as reading a
 * hundred numbers. So the buffer behind a store must not be handed over to another thread.
 */
export function sharedStore(type: DType, length: number): NumberStore {
  if (type === 'string') return ownStore(type, length)
  const sizeBytes = length * BYTES_PER_ELEMENT[type]
  if (!isShared(sizeBytes)) return ownStore(type, length)
  const at = takeFromBlock(sizeBytes, BYTES_PER_ELEMENT[type])
  block.fill(0, at, at + sizeBytes)
  return viewData(type, block.buffer, at, length) as NumberStore
}

/** The numbers of these bytes, which may stand at any address: a copy. Small ones share blocks, as stores do. */
export function sharedNumbers(type: NumericDType, length: number, bytes: Uint8Array): NumericData {
  const sizeBytes = bytes.length
  if (!isShared(sizeBytes)) return viewData(type, new Uint8Array(bytes).buffer, 0, length)
  const at = takeFromBlock(sizeBytes, BYTES_PER_ELEMENT[type])
  block.set(bytes, at)
  return viewData(type, block.buffer, at, length)
}

function isShared(sizeBytes: number): boolean {
  return sizeBytes >= VIEW_FROM_BYTES && sizeBytes <= VIEW_TO_BYTES
}

/**
 * Gives the place of so many bytes in {@link block}, which may be another block afterwards. Whatever was in that memory is still there. What
 * follows another store of the same type lies right behind it, so that both are a batch as they lie.
 */
function takeFromBlock(sizeBytes: number, alignmentBytes: number): number {
  let at = Math.ceil(usedBytes / alignmentBytes) * alignmentBytes
  if (at + sizeBytes > block.length) {
    block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
    at = 0
  }
  usedBytes = at + sizeBytes
  return at
}

/** The same with memory of its own. */
export function ownStore(type: DType, length: number): NumberStore {
  return allocateData(type, length) as NumberStore
}
