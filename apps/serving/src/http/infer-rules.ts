import { PlatformError } from '@understudy/core'
import type { InferContext } from '@understudy/protocols'
import { LARGE_BODY_BYTES } from './large-bodies.ts'

/** Answers with as many elements as text would hold the loop up: a float takes all the digits of a double. */
export const LARGE_INFER_ELEMENTS = 8 * 1024

/** Numbers in bytes are taken as they are, however many; texts and truths are looked at one by one. */
export function isLargeInfer(
  bytes: { readonly length: number },
  { headerLength = bytes.length, signature }: InferContext,
): boolean {
  if (bytes.length < LARGE_BODY_BYTES) return false
  if (headerLength >= LARGE_BODY_BYTES) return true
  return signature.inputs.some(({ dtype }) => dtype === 'string' || dtype === 'bool')
}

export function leastBudget(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b
  return b === undefined ? a : Math.min(a, b)
}

export function readTooLong(budgetMs: number): PlatformError {
  return new PlatformError(
    'serving.deadline_exceeded',
    `The request was read for longer than the ${budgetMs} ms that it has.`,
  )
}
