import { allocateData, BYTES_PER_ELEMENT, type DType, viewData } from '@understudy/core'
import type { NumberStore } from './number-rules.ts'

const BLOCK_BYTES = 64 * 1024
/** Smaller ones lie in V8's own heap, where they cost little. */
const VIEW_FROM_BYTES = 128
/** Larger ones would soon use up a block. */
const VIEW_TO_BYTES = 8 * 1024
const ALIGNMENT_BYTES = 8

let block = new ArrayBuffer(0)
let usedBytes = 0

/**
 * A store of zeros. Those of a few hundred numbers are views of blocks that they share: memory of its own takes V8 as long as reading a
 * hundred numbers. So the buffer behind a store must not be handed over to another thread.
 */
export function sharedStore(type: DType, length: number): NumberStore {
  if (type === 'string') return ownStore(type, length)
  const sizeBytes = length * BYTES_PER_ELEMENT[type]
  if (sizeBytes < VIEW_FROM_BYTES || sizeBytes > VIEW_TO_BYTES) return ownStore(type, length)
  if (usedBytes + sizeBytes > block.byteLength) {
    block = new ArrayBuffer(BLOCK_BYTES)
    usedBytes = 0
  }
  const from = usedBytes
  usedBytes = Math.ceil((from + sizeBytes) / ALIGNMENT_BYTES) * ALIGNMENT_BYTES
  return viewData(type, block, from, length) as NumberStore
}

/** The same with memory of its own. */
export function ownStore(type: DType, length: number): NumberStore {
  return allocateData(type, length) as NumberStore
}
