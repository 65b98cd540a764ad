import type { PackedFindings } from './packed-findings.ts'
import type { PackedRuns } from './packed-runs.ts'

/** To the worker: many runs in one message, since each message costs the loop more than the runs in it. */
export interface ComparisonRequest {
  readonly id: number
  readonly runs: PackedRuns
}

/** From the worker. A pair that could not be compared is left out, and the first reason given. */
export interface ComparisonReply {
  readonly id: number
  readonly findings: PackedFindings
  readonly failure: string | null
}
