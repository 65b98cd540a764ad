import { CATEGORIES, type PlatformError, type StageTimes } from '@understudy/core'
import { HistogramSeries, HistogramShape, type LabelSet } from '@understudy/telemetry/metrics'

/** Outcomes of a request, as gRPC and TensorFlow Serving name them. */
export const CODES = ['OK', ...CATEGORIES] as const

/** Seconds, from a tenth of a millisecond to half a minute. */
export const DURATION_SHAPE = new HistogramShape([
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
])

/** Stages of a request that have a histogram each, with the field of {@link StageTimes} that fills it. */
export const STAGES = {
  decode: 'decodeMs',
  queue: 'queueMs',
  batch: 'batchMs',
  run: 'runMs',
  encode: 'encodeMs',
} as const satisfies Record<string, keyof StageTimes>

export type Stage = keyof typeof STAGES

/** What is counted of the requests with one model, version, variant and protocol. */
export class RequestSeries {
  readonly labels: LabelSet
  readonly duration: HistogramSeries
  readonly stages: Readonly<Record<Stage, HistogramSeries>>
  readonly #codes = new Float64Array(CODES.length)

  constructor(labels: LabelSet) {
    const { slots } = DURATION_SHAPE
    const slab = new Float64Array(slots * 6)
    const series = (index: number) => new HistogramSeries(DURATION_SHAPE, slab, slots * index)
    this.labels = labels
    this.duration = series(0)
    this.stages = {
      decode: series(1),
      queue: series(2),
      batch: series(3),
      run: series(4),
      encode: series(5),
    }
  }

  /** Counts one request. Of a failed one only the stages that it reached. */
  record(tookMs: number, times: StageTimes, error: PlatformError | undefined): void {
    const code = error === undefined ? 0 : CODES.indexOf(error.category)
    this.#codes[code] = (this.#codes[code] ?? 0) + 1
    this.duration.observe(tookMs / 1_000)
    const { stages } = this
    const all = error === undefined
    if (all || times.decodeMs > 0) stages.decode.observe(times.decodeMs / 1_000)
    if (all || times.queueMs > 0) stages.queue.observe(times.queueMs / 1_000)
    if (all || times.batchMs > 0) stages.batch.observe(times.batchMs / 1_000)
    if (all || times.runMs > 0) stages.run.observe(times.runMs / 1_000)
    if (all || times.encodeMs > 0) stages.encode.observe(times.encodeMs / 1_000)
  }

  /** Requests that ended with a code of {@link CODES}, by its index. */
  countOf(code: number): number {
    return this.#codes[code] ?? 0
  }
}
