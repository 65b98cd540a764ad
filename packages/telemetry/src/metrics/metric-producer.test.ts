import { DataPointType } from '@opentelemetry/sdk-metrics'
import { describe, expect, it } from 'vitest'
import { HistogramSeries, HistogramShape } from './histogram.ts'
import { labelSet } from './label-set.ts'
import type { MetricFamily } from './metric-family.ts'
import { FamiliesProducer } from './metric-producer.ts'

const labels = labelSet({ model: 'a' }, 1_500)
const shape = new HistogramShape([1, 2])

async function collect(...families: MetricFamily[]) {
  const { resourceMetrics, errors } = await new FamiliesProducer(families, () => 2_250).collect()
  return { metrics: resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics), errors }
}

describe('FamiliesProducer', () => {
  it('gives counters, gauges and histograms with their labels, units and times', async () => {
    const series = new HistogramSeries(shape)
    for (const value of [0.5, 1.5, 1.5, 7]) series.observe(value)
    const { metrics } = await collect(
      { kind: 'counter', name: 'c_total', help: 'c', samples: () => [{ labels, value: 3 }] },
      { kind: 'gauge', name: 'g', help: 'g', unit: 'bytes', samples: () => [{ labels, value: 4 }] },
      {
        kind: 'histogram',
        name: 'h',
        help: 'h',
        unit: 'seconds',
        shape,
        samples: () => [{ labels, series }],
      },
    )
    const times = { startTime: [1, 5e8], endTime: [2, 25e7], attributes: { model: 'a' } }
    expect(metrics).toMatchObject([
      { dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: [{ ...times, value: 3 }] },
      { dataPointType: DataPointType.GAUGE, descriptor: { unit: 'By' }, dataPoints: [{ value: 4 }] },
      {
        dataPointType: DataPointType.HISTOGRAM,
        descriptor: { name: 'h', unit: 's' },
        dataPoints: [{ value: { count: 4, sum: 10.5, buckets: { boundaries: [1, 2], counts: [1, 2, 1] } } }],
      },
    ])
  })

  it('leaves out families without series, and tells of one that throws without losing the others', async () => {
    const broken = new Error('broken')
    const { metrics, errors } = await collect(
      { kind: 'gauge', name: 'none', help: 'n', samples: () => [] },
      {
        kind: 'gauge',
        name: 'broken',
        help: 'b',
        samples: () => {
          throw broken
        },
      },
      { kind: 'gauge', name: 'g', help: 'g', samples: () => [{ labels, value: 1 }] },
    )
    expect(metrics.map((metric) => metric.descriptor.name)).toEqual(['g'])
    expect(errors).toEqual([broken])
  })
})
