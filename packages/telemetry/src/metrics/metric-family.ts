import type { HistogramSeries, HistogramShape } from './histogram.ts'
import type { LabelSet } from './label-set.ts'

interface Described {
  readonly name: string
  /** One sentence. */
  readonly help: string
  /** Base unit, where the values have one. */
  readonly unit?: 'seconds' | 'bytes' | undefined
}

export interface NumberSample {
  readonly labels: LabelSet
  readonly value: number
}

export interface HistogramSample {
  readonly labels: LabelSet
  readonly series: HistogramSeries
}

/** Counter: only grows. Gauge: as it is now. */
export interface NumberFamily extends Described {
  readonly kind: 'counter' | 'gauge'
  /** Read at every export, and only then. */
  samples(): Iterable<NumberSample>
}

export interface HistogramFamily extends Described {
  readonly kind: 'histogram'
  readonly shape: HistogramShape
  /** Read at every export, and only then. */
  samples(): Iterable<HistogramSample>
}

/** All series of one name. Exporters read it; who counts keeps the numbers where counting is cheap. */
export type MetricFamily = NumberFamily | HistogramFamily
