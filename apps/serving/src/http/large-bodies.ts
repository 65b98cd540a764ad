import type { NamedTensors, Signature } from '@understudy/core'
import type { PredictBody, PredictForm } from '@understudy/protocols'

/** Bodies from this size on would hold the loop up. */
export const LARGE_BODY_BYTES = 256 * 1024
/** Answers with as many elements likewise. */
export const LARGE_ANSWER_ELEMENTS = 32 * 1024

/**
 * Reads and writes bodies off the loop, with the same result as on it, errors included. What was given may be gone afterwards.
 *
 * Rejects besides with `serving.queue_full`, `serving.executor_lost` and `serving.draining`.
 */
export interface LargeBodies {
  decodePredict(bytes: Uint8Array, signature: Signature): Promise<PredictBody>
  encodePredict(outputs: NamedTensors, form: PredictForm): Promise<Uint8Array>
}

export function isLargeAnswer(outputs: NamedTensors): boolean {
  let elements = 0
  for (const { data } of outputs.values()) elements += data.length
  return elements >= LARGE_ANSWER_ELEMENTS
}
