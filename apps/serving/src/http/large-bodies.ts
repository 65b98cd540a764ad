import type { CallCount, KnownTarget, LargeCalls } from '@understudy/api/predict-codec'
import type { NamedTensors, Signature, SignatureMapping } from '@understudy/core'
import type {
  ExamplesRequest,
  ExamplesTarget,
  InferAnswer,
  InferContext,
  InferRequest,
  PredictBody,
  PredictForm,
  SignatureMappings,
} from '@understudy/protocols'

import type { InferBody } from './join-infer.ts'

/** Bodies from this size on would hold the loop up. */
export const LARGE_BODY_BYTES = 256 * 1024
/** The same for examples, which are read value by value. */
export const LARGE_EXAMPLES_BYTES = 64 * 1024
/** Answers with as many elements likewise. */
export const LARGE_ANSWER_ELEMENTS = 32 * 1024

/**
 * Reads and writes bodies off the loop, with the same result as on it, errors included. What was given may be gone afterwards.
 *
 * Rejects besides with `serving.queue_full`, `serving.executor_lost` and `serving.draining`.
 */
export interface LargeBodies {
  decodePredict(bytes: Uint8Array, signature: Signature, mappings?: SignatureMappings): Promise<PredictBody>
  encodePredict(outputs: NamedTensors, form: PredictForm): Promise<Uint8Array>
  decodeExamples(bytes: Uint8Array, target: ExamplesTarget): Promise<ExamplesRequest>
  encodeExamples(outputs: NamedTensors, made: ExamplesAnswer): Promise<Uint8Array>
  decodeInfer(bytes: Uint8Array, context: InferContext): Promise<InferRequest>
  encodeInfer(answer: InferAnswer): Promise<InferBody>
  /** Calls of tRPC's `predict`; the bytes come back with targets that have to be known first. */
  decodeCalls(bytes: Uint8Array, count: CallCount, known: readonly KnownTarget[]): Promise<ReadCalls>
  encodeOutputs(outputs: NamedTensors): Promise<Uint8Array>
}

export interface ReadCalls {
  readonly decoded: LargeCalls
  /** Of a body that is to be read again. */
  readonly bytes: Uint8Array | undefined
}

/** What an answer to examples is made with, besides the outputs. */
export interface ExamplesAnswer {
  readonly mapping: SignatureMapping
  readonly classLabels: Readonly<Record<string, readonly string[]>>
}

export function isLargeAnswer(outputs: NamedTensors): boolean {
  let elements = 0
  for (const { data } of outputs.values()) elements += data.length
  return elements >= LARGE_ANSWER_ELEMENTS
}
