import { HTTP_STATUS, type PlatformError } from '@understudy/core'

/** A request that takes longer is worth a trace whatever else is true of it. */
export const SLOW_MS = 1_000

/** Why a request gets spans; null: it gets none. */
export type SamplingReason = 'caller' | 'error' | 'slow' | 'chance' | null

export interface SamplingFacts {
  /** Of the caller. */
  readonly traceparent?: string | undefined
  readonly tookMs: number
  readonly error?: PlatformError | undefined
}

export interface SamplingRule {
  /** Share of the requests without another reason and without a caller who decided. */
  readonly ratio: number
  readonly random: () => number
  /** Takes one of the traces that failures and slow requests may cost; false when they are used up. */
  readonly takeExtra: () => boolean
}

/** An error of ours: of a server span, only these are errors. A refused input is the caller's. */
export function isServerError(error: PlatformError | undefined): boolean {
  return error !== undefined && HTTP_STATUS[error.category] >= 500
}

/**
 * Decides before any span is made. A caller's decision is followed either way; errors of ours and slow requests get spans also
 * against it, as long as extra traces last: an outage must not cost a trace for each request.
 */
export function decideSampling(facts: SamplingFacts, rule: SamplingRule): SamplingReason {
  const byCaller = callerSamples(facts.traceparent)
  if (byCaller === true) return 'caller'
  if (isServerError(facts.error)) {
    if (rule.takeExtra()) return 'error'
  } else if (facts.tookMs >= SLOW_MS && rule.takeExtra()) return 'slow'
  if (byCaller === false) return null
  return rule.random() < rule.ratio ? 'chance' : null
}

const FLAGS_AT = 53
const LENGTH = 55

/** What the caller decided; undefined when there is no caller's trace, or what was sent is none. */
function callerSamples(traceparent: string | undefined): boolean | undefined {
  if (traceparent === undefined || traceparent.length < LENGTH) return undefined
  const flags = Number.parseInt(traceparent.slice(FLAGS_AT, LENGTH), 16)
  return Number.isNaN(flags) ? undefined : (flags & 1) === 1
}
