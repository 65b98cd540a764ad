import type { ErrorCode, NamedTensors, Signature } from '@understudy/core'
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
import type { ExamplesAnswer } from '../http/large-bodies.ts'

export type CodecTask =
  | {
      readonly kind: 'decode'
      readonly bytes: Uint8Array
      readonly signature: Signature
      readonly mappings: SignatureMappings
    }
  | { readonly kind: 'decodeExamples'; readonly bytes: Uint8Array; readonly target: ExamplesTarget }
  | { readonly kind: 'encode'; readonly outputs: NamedTensors; readonly form: PredictForm }
  | { readonly kind: 'encodeExamples'; readonly outputs: NamedTensors; readonly made: ExamplesAnswer }
  | { readonly kind: 'decodeInfer'; readonly bytes: Uint8Array; readonly context: InferContext }
  | { readonly kind: 'encodeInfer'; readonly answer: InferAnswer }

/** To the worker. */
export interface CodecRequest {
  readonly id: number
  readonly task: CodecTask
}

export type CodecResult =
  | { readonly kind: 'decoded'; readonly body: PredictBody }
  | { readonly kind: 'examplesDecoded'; readonly request: ExamplesRequest }
  | { readonly kind: 'inferDecoded'; readonly request: InferRequest }
  | { readonly kind: 'encoded'; readonly body: Uint8Array }
  | { readonly kind: 'inferEncoded'; readonly body: Uint8Array; readonly headerLength: number | undefined }
  /** What the codec threw; made anew on the other side. */
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }

/** From the worker. */
export interface CodecReply {
  readonly id: number
  readonly result: CodecResult
}
