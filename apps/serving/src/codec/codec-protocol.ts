import type { CallCount, KnownTarget } from '@understudy/api/predict-codec'
import type { ErrorCode, Signature } from '@understudy/core'
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
import type { ExamplesAnswer, ReadCalls } from '../http/large-bodies.ts'
import type { CarriedTensors } from './own-memory.ts'

/** Something whose tensors are on their way. */
type Carried<T, K extends keyof T> = Omit<T, K> & { readonly [key in K]: CarriedTensors }

export type CodecTask =
  | {
      readonly kind: 'decode'
      readonly bytes: Uint8Array
      readonly signature: Signature
      readonly mappings: SignatureMappings
    }
  | { readonly kind: 'decodeExamples'; readonly bytes: Uint8Array; readonly target: ExamplesTarget }
  | { readonly kind: 'encode'; readonly outputs: CarriedTensors; readonly form: PredictForm }
  | { readonly kind: 'encodeExamples'; readonly outputs: CarriedTensors; readonly made: ExamplesAnswer }
  | { readonly kind: 'decodeInfer'; readonly bytes: Uint8Array; readonly context: InferContext }
  | { readonly kind: 'encodeInfer'; readonly answer: Carried<InferAnswer, 'outputs'> }
  | {
      readonly kind: 'decodeCalls'
      readonly bytes: Uint8Array
      readonly count: CallCount
      readonly known: readonly KnownTarget[]
    }
  | { readonly kind: 'encodeOutputs'; readonly outputs: CarriedTensors }

/** To the worker. */
export interface CodecRequest {
  readonly id: number
  readonly task: CodecTask
}

export type CodecResult =
  | { readonly kind: 'decoded'; readonly body: Carried<PredictBody, 'inputs'> }
  | { readonly kind: 'examplesDecoded'; readonly request: Carried<ExamplesRequest, 'inputs'> }
  | { readonly kind: 'inferDecoded'; readonly request: Carried<InferRequest, 'inputs'> }
  | { readonly kind: 'encoded'; readonly body: Uint8Array }
  | { readonly kind: 'inferEncoded'; readonly body: Uint8Array; readonly headerLength: number | undefined }
  | { readonly kind: 'callsDecoded'; readonly read: ReadCalls }
  /** What the codec threw; made anew on the other side. */
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }

/** From the worker. */
export interface CodecReply {
  readonly id: number
  readonly result: CodecResult
}
