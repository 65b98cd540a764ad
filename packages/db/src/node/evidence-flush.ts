/** Absolute cumulative counters of one property; a repeated flush of the same sequence number changes nothing. */
export interface CounterRow {
  readonly gate: string
  readonly property: string
  readonly nPlus: number
  readonly nZero: number
  readonly nMinus: number
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
  readonly examples: readonly { readonly kind: string; readonly requestId: string; readonly body: unknown }[]
}
