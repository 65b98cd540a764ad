import type { Clock } from '@understudy/core'
import type { PendingRequest } from './pending-request.ts'
import type { SuspectIsolation } from './suspect/suspect-isolation.ts'

/**
 * Those of a batch that are still to be run; the others are answered with their refusal.
 *
 * Left out are requests whose time is over (the timer may be late when the loop is busy: nobody waits for those any more) and those
 * whose input was refused while they waited.
 */
export function dueRequests(
  batch: readonly PendingRequest[],
  { clock, suspects }: { readonly clock: Clock; readonly suspects: SuspectIsolation },
): readonly PendingRequest[] {
  return withoutRefused(withinDeadline(batch, clock.monotonicMs()), suspects)
}

function withinDeadline(batch: readonly PendingRequest[], nowMs: number): readonly PendingRequest[] {
  if (batch.every(({ deadlineAtMs }) => deadlineAtMs > nowMs)) return batch
  return batch.filter((pending) => {
    if (pending.deadlineAtMs > nowMs) return true
    pending.expire()
    return false
  })
}

function withoutRefused(
  batch: readonly PendingRequest[],
  suspects: SuspectIsolation,
): readonly PendingRequest[] {
  const sinceMs = suspects.refusedSinceMs
  if (sinceMs === Number.NEGATIVE_INFINITY) return batch
  return batch.filter((pending) => {
    const refusal = pending.enqueuedAtMs <= sinceMs ? suspects.refusal(pending.inputs) : undefined
    if (refusal !== undefined) pending.failed(refusal)
    return refusal === undefined
  })
}
