import type { PlatformError } from '@understudy/core'
import { exponentialBounds, HistogramSeries, HistogramShape } from '@understudy/telemetry/metrics'
import { CODES } from './request-series.ts'

/** As TensorFlow Serving writes a bucket's bound: six significant digits, as C's `%g`. Dashboards compare it as text. */
export function writeBound(bound: number): string {
  const [mantissa = '', exponent] = bound.toPrecision(6).split('e')
  const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa
  if (exponent === undefined) return short
  return `${short}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`
}

/** Microseconds. */
export const TF_LATENCY_SHAPE = new HistogramShape(exponentialBounds(10, 1.8, 33), writeBound)
export const TF_QUEUING_SHAPE = new HistogramShape(exponentialBounds(100, 1.2, 52), writeBound)

/** What TensorFlow Serving counts of one model, in its units. It knows no versions. */
export class TfServingSeries {
  readonly requestLatency = new HistogramSeries(TF_LATENCY_SHAPE)
  readonly runtimeLatency = new HistogramSeries(TF_LATENCY_SHAPE)
  readonly queuingLatency = new HistogramSeries(TF_QUEUING_SHAPE)
  readonly #codes = new Float64Array(CODES.length)

  /** Counts one request of its REST API; latencies are those of successes, as there. */
  record(tookMs: number, runMs: number, error: PlatformError | undefined): void {
    const code = error === undefined ? 0 : CODES.indexOf(error.category)
    this.#codes[code] = (this.#codes[code] ?? 0) + 1
    if (error !== undefined) return
    this.requestLatency.observe(tookMs * 1_000)
    this.runtimeLatency.observe(runMs * 1_000)
  }

  /** Requests that ended with a code of {@link CODES}, by its index. */
  countOf(code: number): number {
    return this.#codes[code] ?? 0
  }
}
