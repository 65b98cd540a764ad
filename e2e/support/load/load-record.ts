/** One request of the load and everything that its answer said. Times are milliseconds since the epoch. */
export interface LoadRecord {
  readonly index: number
  /** Which of the bodies was sent. */
  readonly row: number
  readonly scheduledAtMs: number
  readonly endedAtMs: number
  /** 0 when there was no answer. */
  readonly status: number
  readonly version: number | null
  readonly digest: string | null
  readonly generation: number | null
  /** `live`, `canary` or `pinned`. */
  readonly variant: string | null
  readonly planAgeMs: number | null
  /** The predictions of a 200. */
  readonly output: unknown
  /** What went wrong; null for a 200. */
  readonly error: string | null
  /** How the connection broke under a request that has no answer; null for one that has. */
  readonly broken: BrokenConnection | null
}

/** All that a client knows of a connection that broke. */
export interface BrokenConnection {
  /** Code of the system: `ECONNRESET`, also where the other side just hung up. */
  readonly code: string | null
  readonly systemCall: string | null
  /** What came over it while it lasted: nothing over one that was new. */
  readonly receivedBytes: number
}

/** What the process that makes the load is told. */
export interface LoadOrder {
  readonly url: string
  readonly ratePerSecond: number
  /** Sent in turn, as they are. */
  readonly bodies: readonly string[]
  readonly headers: Readonly<Record<string, string>>
}

export type LoadRequest = { readonly type: 'begin'; readonly order: LoadOrder } | { readonly type: 'stop' }

export type LoadNews =
  | { readonly type: 'records'; readonly records: readonly LoadRecord[] }
  | { readonly type: 'done' }
