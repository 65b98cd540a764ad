/** A fixed number of connections, each sending as soon as it has its answer. */
export interface ClosedOrder {
  readonly type: 'closed'
  readonly port: number
  readonly request: Uint8Array
  readonly connections: number
  readonly durationMs: number
}

/** The same over gRPC: one connection, with a fixed number of unary calls open on it. */
export interface CallsOrder {
  readonly type: 'calls'
  readonly port: number
  readonly path: string
  readonly message: Uint8Array
  readonly authorization: string
  readonly calls: number
  readonly durationMs: number
}

export interface ClosedResult {
  readonly answered: number
  readonly failed: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Requests at times fixed beforehand, whether or not earlier answers are there, until told to stop. */
export interface OpenOrder {
  readonly type: 'open'
  readonly port: number
  /** Sent in turn. */
  readonly requests: readonly Uint8Array[]
  readonly ratePerSecond: number
  /** The same seed gives the same times. */
  readonly seed: number
}

/** One request of an open loop per index, in the order of their times. */
export interface OpenResult {
  /** On the machine's monotonic clock. */
  readonly scheduledAtMs: Float64Array
  /** From the scheduled time to the last byte of the answer. */
  readonly latencyMs: Float64Array
  /** 0 when there was no answer. */
  readonly status: Int16Array
  readonly version: Int32Array
}

export type LoadOrder = ClosedOrder | CallsOrder | OpenOrder | { readonly type: 'stop' }

export type LoadNews =
  | { readonly type: 'ready' }
  | { readonly type: 'closed'; readonly result: ClosedResult }
  /** Another version answers than before. */
  | { readonly type: 'version'; readonly version: number; readonly atMs: number }
  | { readonly type: 'open'; readonly result: OpenResult }
