import {
  type HistogramFamily,
  type HistogramSample,
  type HistogramSeries,
  type HistogramShape,
  type MetricFamily,
  type NumberSample,
  withLabel,
} from '@understudy/telemetry/metrics'
import { CODES, DURATION_SHAPE, type RequestSeries, STAGES, type Stage } from './request-series.ts'
import type { SeriesRegistry } from './series-registry.ts'
import { SIZE_SHAPE, type VersionSeries } from './version-series.ts'

const STAGE_HELP: Readonly<Record<Stage, string>> = {
  decode: 'Bytes of a request to tensors.',
  queue: 'A request in the queue of its version, until its batch began.',
  batch: 'The batch of a request: handed to the executor, run, and back.',
  run: 'The model alone, in the batch of a request.',
  encode: 'Tensors to the bytes of an answer.',
}

/** Families of what clients asked for: requests, stages, rejections, batches. */
export function requestFamilies(registry: SeriesRegistry): MetricFamily[] {
  return [
    {
      kind: 'counter',
      name: 'understudy_requests_total',
      help: 'Predictions that were answered, by canonical status of the answer.',
      samples: () => requestCounts(registry),
    },
    duration(
      'understudy_request_duration_seconds',
      'First byte of a request to the last of its answer.',
      () => requestHistograms(registry, (series) => series.duration),
    ),
    ...(Object.keys(STAGES) as Stage[]).map((stage) =>
      duration(`understudy_${stage}_duration_seconds`, STAGE_HELP[stage], () =>
        requestHistograms(registry, (series) => series.stages[stage]),
      ),
    ),
    {
      kind: 'counter',
      name: 'understudy_rejected_total',
      help: 'Requests that were told to come again later, by error code.',
      samples: () => rejections(registry),
    },
    size('understudy_batch_rows', 'Rows of a batch.', () => sizes(registry, (series) => series.batchRows)),
    size('understudy_batch_requests', 'Requests of a batch.', () =>
      sizes(registry, (series) => series.batchRequests),
    ),
  ]
}

function duration(name: string, help: string, samples: () => Iterable<HistogramSample>): HistogramFamily {
  return { kind: 'histogram', name, help, unit: 'seconds', shape: DURATION_SHAPE, samples }
}

function size(
  name: string,
  help: string,
  samples: () => Iterable<HistogramSample>,
  shape: HistogramShape = SIZE_SHAPE,
): HistogramFamily {
  return { kind: 'histogram', name, help, shape, samples }
}

/** Every version that something was counted of. */
export function* versionSeries(registry: SeriesRegistry): Generator<VersionSeries> {
  for (const model of registry.models()) yield* model.versions.values()
}

function* requestCounts(registry: SeriesRegistry): Generator<NumberSample> {
  for (const version of versionSeries(registry)) {
    for (const series of version.requests()) {
      for (const [index, code] of CODES.entries()) {
        const value = series.countOf(index)
        if (value > 0) yield { labels: withLabel(series.labels, 'code', code), value }
      }
    }
  }
}

function* requestHistograms(
  registry: SeriesRegistry,
  of: (series: RequestSeries) => HistogramSeries,
): Generator<HistogramSample> {
  for (const version of versionSeries(registry)) {
    for (const requests of version.requests()) {
      const series = of(requests)
      if (series.count > 0) yield { labels: requests.labels, series }
    }
  }
}

function* sizes(
  registry: SeriesRegistry,
  of: (series: VersionSeries) => HistogramSeries,
): Generator<HistogramSample> {
  for (const version of versionSeries(registry)) {
    const series = of(version)
    if (series.count > 0) yield { labels: version.labels, series }
  }
}

function* rejections(registry: SeriesRegistry): Generator<NumberSample> {
  for (const model of registry.models()) {
    for (const [reason, value] of model.rejected) {
      yield { labels: withLabel(model.labels, 'reason', reason), value }
    }
  }
}
