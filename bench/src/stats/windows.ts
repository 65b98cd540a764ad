import type { OpenResult } from '../load/orders.ts'
import { quantile } from './quantile.ts'

/** A stretch of time on the machine's monotonic clock. */
export interface TimeWindow {
  readonly fromMs: number
  readonly toMs: number
}

/** Latencies of the requests scheduled within any of the windows. What was not answered counts with the client's patience. */
export function latenciesIn(result: OpenResult, windows: readonly TimeWindow[]): readonly number[] {
  const found: number[] = []
  for (const [index, atMs] of result.scheduledAtMs.entries()) {
    const latencyMs = result.latencyMs[index]
    if (latencyMs !== undefined && windows.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs)) {
      found.push(latencyMs)
    }
  }
  return found
}

/** A quantile of the latencies in one window, in milliseconds. */
export function windowQuantile(result: OpenResult, window: TimeWindow, share: number): number {
  return quantile(latenciesIn(result, [window]), share)
}

/** How many requests did not get a 200. */
export function failuresOf({ status }: OpenResult): number {
  return status.reduce((sum, one) => sum + (one === 200 ? 0 : 1), 0)
}

/** Failed requests by status, in words; empty when all went well. */
export function describeFailures({ status }: OpenResult): string {
  const counts = new Map<number, number>()
  for (const one of status) if (one !== 200) counts.set(one, (counts.get(one) ?? 0) + 1)
  return [...counts].map(([code, count]) => `${count} × ${code === 0 ? 'no answer' : code}`).join(', ')
}
