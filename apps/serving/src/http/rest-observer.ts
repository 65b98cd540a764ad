import type { PlatformError, StageTimes } from '@understudy/core'
import type { RequestEnded } from '@understudy/serving'

/** Where spans and metrics hook in. Must not throw. */
export interface RestObserver {
  /** Once per prediction, after its answer was written. */
  requestEnded(event: RequestEnded): void
  /** A fault of ours, once, with the id that the client was shown. */
  onFault(error: PlatformError): void
}

/** Asking for it costs more than asking for the time. */
const TIME_ORIGIN_MS = performance.timeOrigin

/** Now, in milliseconds since the epoch with fractions, never going backwards. */
export function nowMs(): number {
  return TIME_ORIGIN_MS + performance.now()
}

export function noTimes(): StageTimes {
  return { decodeMs: 0, queueMs: 0, batchMs: 0, runMs: 0, encodeMs: 0 }
}
