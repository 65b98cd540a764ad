/** Absolute cumulative counters of one property; a repeated flush of the same sequence number changes nothing. */
export interface CounterRow {
  readonly gate: string
  readonly property: string
  /** Value of the header that splits evidence; empty for what is not split. @defaultValue empty */
  readonly segment?: string
  readonly nPlus: number
  readonly nZero: number
  readonly nMinus: number
}

/** A pair kept to be looked at. */
export interface ExampleRow {
  readonly kind: string
  readonly requestId: string
  readonly body: unknown
  /** Inputs of the shown row, encrypted. @defaultValue none: the policy does not store them */
  readonly inputs?: Uint8Array | undefined
}

/** What one node incarnation has counted for one series, source and step since it began. */
export interface EvidenceFlush {
  readonly seriesId: string
  readonly source: string
  readonly step: string
  /** Grows with every change of the counters. */
  readonly seq: number
  readonly admitted: number
  readonly lost: number
  readonly counters: readonly CounterRow[]
  readonly breaches: readonly {
    readonly kind: string
    readonly detail: string
    readonly requestId: string | null
  }[]
  /** The examples kept now; earlier ones of this incarnation are replaced. */
  readonly examples: readonly ExampleRow[]
  /** Captured requests that are counted here and were in no flush that was taken: never replayed again once this one is. @defaultValue none */
  readonly replayed?: readonly string[]
}

/** Requests of one minute that one incarnation has seen for a series, and those of them that it sampled: absolute. */
export interface MinuteRow {
  readonly seriesId: string
  /** Beginning of the minute, in milliseconds since the epoch. */
  readonly minuteMs: number
  readonly requests: number
  readonly sampled: number
  /** Grows with every change of the row. */
  readonly seq: number
}
