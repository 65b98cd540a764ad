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
  readonly planAgeMs: number | null
  /** The predictions of a 200. */
  readonly output: unknown
  /** What went wrong; null for a 200. */
  readonly error: string | null
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
