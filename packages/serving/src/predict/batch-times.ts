import type { PendingRequest } from './pending-request.ts'

/** Tells every request of a batch that has ended where its time went. Milliseconds. */
export function fillTimes(
  batch: readonly PendingRequest[],
  { beganMs, batchMs, runMs }: { readonly beganMs: number; readonly batchMs: number; readonly runMs: number },
): void {
  for (const { request, enqueuedAtMs } of batch) {
    const { times } = request
    if (times === undefined) continue
    times.queueMs = beganMs - enqueuedAtMs
    times.batchMs = batchMs
    times.runMs = runMs
  }
}
