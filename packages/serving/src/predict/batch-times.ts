import type { PendingRequest } from './pending-request.ts'

/** Where the time of a batch went. Milliseconds. */
export interface BatchTimes {
  readonly beganMs: number
  readonly batchMs: number
  readonly runMs: number
}

/** Tells every request that its version answered in a batch where its time went. */
export function fillTimes(batch: readonly PendingRequest[], spent: BatchTimes): void {
  for (const pending of batch) if (!pending.isAway) fillTimesOf(pending, spent)
}

export function fillTimesOf({ request, enqueuedAtMs }: PendingRequest, spent: BatchTimes): void {
  const { times } = request
  if (times === undefined) return
  const { beganMs, batchMs, runMs } = spent
  times.queueMs = beganMs - enqueuedAtMs
  times.batchMs = batchMs
  times.runMs = runMs
}
