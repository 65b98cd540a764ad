import type { NamedTensors, Signature } from '@understudy/core'

/**
 * How weights are held. `mapped`: external data stay mapped from their file, at the price of slower batches; `prepacked`: copied into the
 * order that the kernels like best, the default of ONNX Runtime.
 */
export const MODEL_FORMS = ['mapped', 'prepacked'] as const
export type ModelForm = (typeof MODEL_FORMS)[number]

/** Why the executor could not do what was asked, and what that means for the model. */
export const FAILURE_KINDS = ['load', 'run', 'memory', 'unsupported', 'protocol'] as const
export type FailureKind = (typeof FAILURE_KINDS)[number]

/** What the parent asks. Every request is answered by one reply with its id; requests are carried out in order. */
export type RequestFrame =
  | {
      readonly type: 'load'
      readonly id: number
      readonly path: string
      readonly form: ModelForm
      readonly intraOpThreads: number
      readonly limitMs: number
    }
  | {
      readonly type: 'run'
      readonly id: number
      readonly model: number
      readonly limitMs: number
      readonly tensors: NamedTensors
    }
  | { readonly type: 'unload'; readonly id: number; readonly model: number }
  | { readonly type: 'ping'; readonly id: number }
  /** The watchdog's limit from now on; 0 for none. */
  | { readonly type: 'limit'; readonly id: number; readonly memoryLimitBytes: number }

/** What the executor says. `ready` comes first and unasked, with id 0. */
export type ReplyFrame =
  | {
      readonly type: 'ready'
      readonly id: number
      /** The user and group the executor has dropped to. */
      readonly uid: number
      readonly gid: number
    }
  | {
      readonly type: 'loaded'
      readonly id: number
      /** Number of the model in this executor, from 1, never used again. */
      readonly model: number
      readonly tookMs: number
      readonly signature: Signature
    }
  | { readonly type: 'ran'; readonly id: number; readonly tookMs: number; readonly tensors: NamedTensors }
  | { readonly type: 'done'; readonly id: number }
  | {
      readonly type: 'failed'
      readonly id: number
      readonly kind: FailureKind
      readonly message: string
    }

export type Frame = RequestFrame | ReplyFrame

/** Numbers of the types on the wire; never used again for something else. */
export const FRAME_TYPE = {
  load: 1,
  run: 2,
  unload: 3,
  ping: 4,
  limit: 5,
  ready: 16,
  loaded: 17,
  ran: 18,
  done: 19,
  failed: 20,
} as const satisfies Record<Frame['type'], number>

/** `UDF1`, little-endian. */
export const FRAME_MAGIC = 0x31464455
/** Magic, type, id, body length: four 32-bit numbers. */
export const HEADER_BYTES = 16
/** Frames and the data of tensors begin at multiples of this, so that a tensor is a view and not a copy. */
export const ALIGNMENT_BYTES = 8

export function padded(sizeBytes: number): number {
  const over = sizeBytes % ALIGNMENT_BYTES
  return over === 0 ? sizeBytes : sizeBytes + ALIGNMENT_BYTES - over
}
