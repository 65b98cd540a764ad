import type { LoadRecord } from './load-record.ts'

/** Quantile of the time from when each request was due until its answer, in milliseconds. */
export function latencyMs(records: readonly LoadRecord[], quantile: number): number {
  const sorted = records
    .map(({ scheduledAtMs, endedAtMs }) => endedAtMs - scheduledAtMs)
    .sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? Number.NaN
}

/** Median, p99 and worst for people. */
export function describeLatency(records: readonly LoadRecord[]): string {
  const [half, most, worst] = [0.5, 0.99, 1].map((quantile) => latencyMs(records, quantile).toFixed(1))
  return `${records.length} requests, p50 ${half} ms, p99 ${most} ms, worst ${worst} ms`
}
