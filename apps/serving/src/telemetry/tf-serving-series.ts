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

/** Where a request came in. */
export type TfEntrypoint = 'REST' | 'GRPC'
export type TfTask = 'predict' | 'classify' | 'regress'

/** What is counted of one task of one entrypoint: latencies of successes, in microseconds. */
export class TfCallSeries {
  readonly entrypoint: TfEntrypoint
  readonly task: TfTask
  readonly latency = new HistogramSeries(TF_LATENCY_SHAPE)

  constructor(entrypoint: TfEntrypoint, task: TfTask) {
    this.entrypoint = entrypoint
    this.task = task
  }
}

/** What TensorFlow Serving counts of one model, in its units. It knows no versions. */
export class TfServingSeries {
  readonly queuingLatency = new HistogramSeries(TF_QUEUING_SHAPE)
  readonly #codes = new Float64Array(CODES.length)
  readonly #calls: TfCallSeries[] = []
  readonly #runtimes: [task: TfTask, series: HistogramSeries][] = []

  /** Counts one request of its APIs. */
  record(
    call: { readonly entrypoint: TfEntrypoint; readonly task: TfTask },
    { tookMs, runMs }: { readonly tookMs: number; readonly runMs: number },
    error: PlatformError | undefined,
  ): void {
    const code = error === undefined ? 0 : CODES.indexOf(error.category)
    this.#codes[code] = (this.#codes[code] ?? 0) + 1
    if (error !== undefined) return
    this.#callOf(call.entrypoint, call.task).latency.observe(tookMs * 1_000)
    this.#runtimeOf(call.task).observe(runMs * 1_000)
  }

  /** Requests that ended with a code of {@link CODES}, by its index. */
  countOf(code: number): number {
    return this.#codes[code] ?? 0
  }

  /** Latencies of requests, by where they came in and what they asked for. */
  get calls(): readonly TfCallSeries[] {
    return this.#calls
  }

  /** Latencies of the runtime alone, by what was asked for. */
  get runtimes(): readonly (readonly [task: TfTask, series: HistogramSeries])[] {
    return this.#runtimes
  }

  #callOf(entrypoint: TfEntrypoint, task: TfTask): TfCallSeries {
    for (const known of this.#calls) {
      if (known.entrypoint === entrypoint && known.task === task) return known
    }
    const made = new TfCallSeries(entrypoint, task)
    this.#calls.push(made)
    return made
  }

  #runtimeOf(task: TfTask): HistogramSeries {
    for (const known of this.#runtimes) if (known[0] === task) return known[1]
    const made = new HistogramSeries(TF_LATENCY_SHAPE)
    this.#runtimes.push([task, made])
    return made
  }
}
