import {
  type HistogramFamily,
  type HistogramSample,
  type HistogramShape,
  labelSet,
  type MetricFamily,
  type NumberSample,
  withLabel,
} from '@understudy/telemetry/metrics'
import { CODES } from './request-series.ts'
import type { ModelSeries, SeriesRegistry } from './series-registry.ts'
import type { ServingMetrics } from './serving-metrics.ts'
import { TF_LATENCY_SHAPE, TF_QUEUING_SHAPE, type TfServingSeries } from './tf-serving-series.ts'

const PREFIX = ':tensorflow:serving:'

/** Its REST API goes by the verb of the path, everything else by the name of the method. */
const API_NAMES = { predict: 'Predict', classify: 'Classify', regress: 'Regress' } as const

type Labelled = readonly [Readonly<Record<string, string>>, HistogramSample['series']]
type UsedModel = readonly [name: string, series: TfServingSeries, sinceMs: number]

/**
 * Families under TensorFlow Serving's names, labels, units (microseconds) and bounds, for dashboards that exist. Only what is true
 * here: it has no versions, and counts requests of its own APIs, `MultiInference` not among them.
 */
export function tfServingFamilies(metrics: ServingMetrics): MetricFamily[] {
  const { registry } = metrics
  const started = labelSet({}, Date.now())
  const warm = labelSet({ status: 'OK' }, Date.now())
  return [
    {
      kind: 'counter',
      name: `${PREFIX}request_count`,
      help: 'The total number of requests.',
      samples: () => requestCounts(registry),
    },
    latency('request_latency', 'Wall time of a successful request in microseconds.', () =>
      histograms(registry, ([name, { calls }]) =>
        calls.map(({ entrypoint, task, latency }) => [
          { model_name: name, API: entrypoint === 'REST' ? task : API_NAMES[task], entrypoint },
          latency,
        ]),
      ),
    ),
    latency('runtime_latency', 'Wall time of the runtime in microseconds.', () =>
      histograms(registry, ([name, { runtimes }]) =>
        runtimes.map(([task, series]) => [
          { model_name: name, API: API_NAMES[task], runtime: 'ONNX' },
          series,
        ]),
      ),
    ),
    latency('model_warmup_latency', 'Wall time of a warm-up in microseconds.', () =>
      metrics.tfWarmUps.count > 0 ? [{ labels: warm, series: metrics.tfWarmUps }] : [],
    ),
    latency(
      'batching_session:queuing_latency',
      'Longest wait of a batch in the queue, in microseconds.',
      () => histograms(registry, ([name, series]) => [[{ thread_pool_name: name }, series.queuingLatency]]),
      TF_QUEUING_SHAPE,
    ),
    {
      kind: 'counter',
      name: `${PREFIX}batching_session:wrapped_run_count`,
      help: 'Total count of batches that were run.',
      samples: () => [{ labels: started, value: metrics.batches }],
    },
  ]
}

function latency(
  name: string,
  help: string,
  samples: () => Iterable<HistogramSample>,
  shape: HistogramShape = TF_LATENCY_SHAPE,
): HistogramFamily {
  return { kind: 'histogram', name: `${PREFIX}${name}`, help, shape, samples }
}

function used(model: ModelSeries): UsedModel | undefined {
  const series = model.usedTfServing
  return series === undefined ? undefined : [model.name, series, model.labels.sinceMs]
}

function* requestCounts(registry: SeriesRegistry): Generator<NumberSample> {
  for (const model of registry.models()) {
    const entry = used(model)
    if (entry === undefined) continue
    const labels = labelSet({ model_name: entry[0] }, entry[2])
    for (const [index, code] of CODES.entries()) {
      const value = entry[1].countOf(index)
      if (value > 0) yield { labels: withLabel(labels, 'status', code), value }
    }
  }
}

function* histograms(
  registry: SeriesRegistry,
  of: (model: UsedModel) => readonly Labelled[],
): Generator<HistogramSample> {
  for (const model of registry.models()) {
    const entry = used(model)
    if (entry === undefined) continue
    for (const [pairs, series] of of(entry)) {
      if (series.count > 0) yield { labels: labelSet(pairs, entry[2]), series }
    }
  }
}
