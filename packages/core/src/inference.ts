import type { NamedTensors } from './tensor/tensor.ts'

/** Which version a request asks for; `live` when it names neither number nor label. */
export type VersionSelector =
  | { readonly kind: 'live' }
  | { readonly kind: 'number'; readonly number: number }
  | { readonly kind: 'label'; readonly label: string }

/** Where the time of one request went; each stage writes its own when it ends. Milliseconds. */
export interface StageTimes {
  /** Bytes of the request to tensors. */
  decodeMs: number
  /** In the version's queue, until its batch began. */
  queueMs: number
  /** Its batch, from the front's view: handed over, run, and back. */
  batchMs: number
  /** The model alone. */
  runMs: number
  /** Tensors to the bytes of the answer. */
  encodeMs: number
}

/** Tells once when nobody waits for an answer any more. Every `AbortSignal` is one; most requests need no more than this. */
export interface CancelSignal {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: CancelListener, options?: { readonly once: true }): void
  removeEventListener(type: 'abort', listener: CancelListener): void
}

/** A function, or an object that is its own listener: that costs whoever makes many no function each. */
export type CancelListener = (() => void) | { handleEvent(): void }

/** One prediction as every protocol decodes it. */
export interface InferenceRequest {
  readonly requestId: string
  readonly model: string
  readonly selector: VersionSelector
  readonly inputs: NamedTensors
  /** Outputs asked for by name; undefined means all. */
  readonly outputs?: readonly string[] | undefined
  /** Budget in milliseconds from arrival, queueing included; undefined means the model's `timeoutMs`. */
  readonly timeoutMs?: number | undefined
  /** Aborts when the client goes away. */
  readonly signal?: CancelSignal | undefined
  /** The client accepts no plan older than this generation of the model. */
  readonly minGeneration?: number | undefined
  /** W3C trace context of the caller. */
  readonly traceparent?: string | undefined
  /**
   * A header (gRPC: metadata) of the request by its name in lower case. Read only where a rollout asks for one: the key that keeps a caller
   * with one version in canary, and the header that splits evidence.
   */
  readonly header?: ((name: string) => string | undefined) | undefined
  /** Filled in on the way by those who do the work. */
  readonly times?: StageTimes | undefined
}

/** Who answered: goes into headers, gRPC metadata, spans and metrics. */
export interface ServedBy {
  readonly model: string
  readonly version: number
  readonly digest: string
  readonly commit: string
  readonly variant: 'live' | 'canary' | 'pinned'
  readonly generation: number
  /** Id of the override by which this version is live on this node; undefined: the plan says so. */
  readonly override?: string | undefined
}

export interface InferenceResponse {
  readonly requestId: string
  readonly outputs: NamedTensors
  readonly servedBy: ServedBy
}

/** Header names of an answer, the same on every HTTP surface; gRPC metadata uses them too. */
export const SERVED_BY_HEADERS = {
  model: 'understudy-model',
  version: 'understudy-version',
  digest: 'understudy-digest',
  commit: 'understudy-commit',
  variant: 'understudy-variant',
  generation: 'understudy-generation',
  override: 'understudy-override',
  requestId: 'understudy-request-id',
  planAge: 'understudy-plan-age',
  minGeneration: 'understudy-min-generation',
} as const

/** Requests with the same value here are answered by the same version while a canary splits them; without it the coin falls per request. */
export const STICKY_KEY_HEADER = 'understudy-sticky-key'
