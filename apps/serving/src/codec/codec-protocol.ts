import type { ErrorCode, NamedTensors, Signature } from '@understudy/core'
import type { PredictBody, PredictForm } from '@understudy/protocols'

export type CodecTask =
  | { readonly kind: 'decode'; readonly bytes: Uint8Array; readonly signature: Signature }
  | { readonly kind: 'encode'; readonly outputs: NamedTensors; readonly form: PredictForm }

/** To the worker. */
export interface CodecRequest {
  readonly id: number
  readonly task: CodecTask
}

export type CodecResult =
  | { readonly kind: 'decoded'; readonly body: PredictBody }
  | { readonly kind: 'encoded'; readonly body: Uint8Array }
  /** What the codec threw; made anew on the other side. */
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }

/** From the worker. */
export interface CodecReply {
  readonly id: number
  readonly result: CodecResult
}
