import { labelSet, type MetricFamily, type NumberSample, withLabel } from '@understudy/telemetry/metrics'
import { versionSeries } from './request-families.ts'
import { LOAD_SHAPE, type LoadSeries, type ServingMetrics } from './serving-metrics.ts'
import type { VersionSeries } from './version-series.ts'

/** Families of what befell versions: loads, warm-ups, shadow runs, incidents. */
export function lifecycleFamilies(metrics: ServingMetrics): MetricFamily[] {
  const { registry } = metrics
  const none = labelSet({}, Date.now())
  const counter = (
    name: string,
    help: string,
    label: string,
    of: (series: VersionSeries) => Readonly<Record<string, number>>,
  ): MetricFamily => ({
    kind: 'counter',
    name,
    help,
    *samples() {
      for (const version of versionSeries(registry)) yield* counts(version, label, of(version))
    },
  })
  return [
    counter('understudy_loads_total', 'Attempts to load a version.', 'outcome', (series) => series.loads),
    loadDuration('understudy_load_duration_seconds', 'Loading of a version.', metrics.loads),
    loadDuration('understudy_warmup_duration_seconds', 'Warm-up of a version.', metrics.warmUps),
    counter(
      'understudy_shadow_runs_total',
      'Batches mirrored to a candidate: settled with both answers, or lost.',
      'outcome',
      (series) => series.shadowRuns,
    ),
    counter(
      'understudy_executor_incidents_total',
      'Times that a version ended its executor.',
      'kind',
      (series) => series.incidents,
    ),
    {
      kind: 'counter',
      name: 'understudy_troubles_total',
      help: 'What went wrong and failed no request; the log has each.',
      samples: () => [{ labels: none, value: metrics.troubles }],
    },
  ]
}

function* counts(
  { labels }: VersionSeries,
  label: string,
  values: Readonly<Record<string, number>>,
): Generator<NumberSample> {
  for (const [name, value] of Object.entries(values)) {
    if (value > 0) yield { labels: withLabel(labels, label, name), value }
  }
}

function loadDuration(name: string, help: string, loads: LoadSeries): MetricFamily {
  const sinceMs = Date.now()
  const labels = {
    ok: labelSet({ outcome: 'ok' }, sinceMs),
    error: labelSet({ outcome: 'error' }, sinceMs),
  }
  return {
    kind: 'histogram',
    name,
    help,
    unit: 'seconds',
    shape: LOAD_SHAPE,
    *samples() {
      for (const outcome of ['ok', 'error'] as const) {
        const series = loads.duration[outcome]
        if (series.count > 0) yield { labels: labels[outcome], series }
      }
    },
  }
}
