import { type HrTime, ValueType } from '@opentelemetry/api'
import { emptyResource } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  type CollectionResult,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics'
import type { LabelSet } from './label-set.ts'
import type { HistogramFamily, HistogramSample, MetricFamily, NumberFamily } from './metric-family.ts'
import { TimeSlice } from './time-slice.ts'

const SCOPE = { name: 'understudy' }

/** Families as OpenTelemetry reads metrics: cumulative, under the same names. Collecting yields to the event loop between series. */
export class FamiliesProducer implements MetricProducer {
  readonly #families: readonly MetricFamily[]
  readonly #now: () => number

  constructor(families: readonly MetricFamily[], now: () => number = Date.now) {
    this.#families = families
    this.#now = now
  }

  async collect(): Promise<CollectionResult> {
    const slice = new TimeSlice()
    const errors: unknown[] = []
    const metrics: MetricData[] = []
    for (const family of this.#families) {
      try {
        const metric =
          family.kind === 'histogram'
            ? await this.#histogram(family, slice)
            : await this.#number(family, slice)
        if (metric.dataPoints.length > 0) metrics.push(metric)
      } catch (error) {
        errors.push(error)
      }
    }
    return {
      resourceMetrics: { resource: emptyResource(), scopeMetrics: [{ scope: SCOPE, metrics }] },
      errors,
    }
  }

  async #histogram(family: HistogramFamily, slice: TimeSlice): Promise<MetricData> {
    const dataPoints: DataPoint<Histogram>[] = []
    const boundaries = [...family.shape.bounds]
    for (const sample of family.samples()) {
      dataPoints.push(this.#point(sample.labels, histogramValue(sample, boundaries)))
      if (slice.isOver()) await slice.rest()
    }
    return { ...described(family), dataPointType: DataPointType.HISTOGRAM, dataPoints }
  }

  async #number(family: NumberFamily, slice: TimeSlice): Promise<MetricData> {
    const dataPoints: DataPoint<number>[] = []
    for (const { labels, value } of family.samples()) {
      dataPoints.push(this.#point(labels, value))
      if (slice.isOver()) await slice.rest()
    }
    return family.kind === 'gauge'
      ? { ...described(family), dataPointType: DataPointType.GAUGE, dataPoints }
      : { ...described(family), dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints }
  }

  #point<T>(labels: LabelSet, value: T): DataPoint<T> {
    return {
      startTime: hrTime(labels.sinceMs),
      endTime: hrTime(this.#now()),
      attributes: labels.pairs,
      value,
    }
  }
}

function described({ name, help, unit }: MetricFamily) {
  return {
    descriptor: { name, description: help, unit: UCUM[unit ?? 'none'], valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  }
}

const UCUM = { seconds: 's', bytes: 'By', none: '' }

function histogramValue({ series }: HistogramSample, boundaries: number[]): Histogram {
  const counts = Array.from({ length: boundaries.length + 1 }, (_, index) => series.bucketCount(index))
  return {
    buckets: { boundaries, counts },
    sum: series.sum,
    count: counts.reduce((total, count) => total + count, 0),
  }
}

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000)
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)]
}
