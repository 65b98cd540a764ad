import { labelSet, type MetricFamily, type NumberSample } from '@understudy/telemetry/metrics'
import { type ExecutorFigures, type ExecutorProcess, executorFigures } from './executor-figures.ts'

/** What a node knows of itself at the moment of an export. Each is cheap and synchronous. */
export interface NodeView {
  readonly models: () => readonly string[]
  readonly servables: () => readonly {
    readonly model: string
    readonly version: number
    readonly state: string
  }[]
  /** Requests of versions at this moment. */
  readonly requestLoads: () => Iterable<{
    readonly model: string
    readonly version: number
    readonly queued: number
    readonly inFlight: number
  }>
  /** Generation of the labels in effect. */
  readonly generationOf: (model: string) => number | undefined
  /** Milliseconds since the control plane last confirmed the plan; undefined while it is current. */
  readonly planAgeMs: () => number | undefined
  readonly isReady: () => boolean
  readonly executors: () => readonly ExecutorProcess[]
}

/** Families of what is, not of what happened. */
export function nodeFamilies(view: NodeView): MetricFamily[] {
  const gauge = (
    name: string,
    help: string,
    samples: () => Iterable<NumberSample>,
    unit?: 'seconds' | 'bytes',
  ): MetricFamily => ({ kind: 'gauge', name, help, unit, samples })
  const one = (value: number) => [sample({}, value)]
  return [
    gauge('understudy_ready', 'One when the node is ready.', () => one(view.isReady() ? 1 : 0)),
    gauge(
      'understudy_plan_age_seconds',
      'Since the control plane last confirmed the plan; zero while it is current.',
      () => one((view.planAgeMs() ?? 0) / 1_000),
      'seconds',
    ),
    gauge('understudy_labels_generation', 'Generation of the labels in effect.', () => generations(view)),
    gauge('understudy_servable_state', 'One for the state that a version is in.', () => states(view)),
    gauge('understudy_requests_queued', 'Requests that wait for a batch.', () =>
      loads(view, ({ queued }) => queued),
    ),
    gauge('understudy_requests_in_flight', 'Requests in batches that have left and are not answered.', () =>
      loads(view, ({ inFlight }) => inFlight),
    ),
    gauge('understudy_executors', 'Executor processes, by what they are for.', () =>
      executors(view, ({ processes }) => processes),
    ),
    gauge('understudy_executor_models', 'Versions in executors; one in two executors counts twice.', () =>
      executors(view, ({ models }) => models),
    ),
    gauge(
      'understudy_executor_anonymous_bytes',
      'Resident memory of executors, without what is mapped from files.',
      () => executors(view, ({ anonymousBytes }) => anonymousBytes),
      'bytes',
    ),
    gauge(
      'understudy_executor_mapped_bytes',
      'Resident memory of executors that is mapped from files; shared pages count in each.',
      () => executors(view, ({ mappedBytes }) => mappedBytes),
      'bytes',
    ),
  ]
}

function sample(pairs: Readonly<Record<string, string>>, value: number): NumberSample {
  return { labels: labelSet(pairs, 0), value }
}

function* generations(view: NodeView): Generator<NumberSample> {
  for (const model of view.models()) {
    const generation = view.generationOf(model)
    if (generation !== undefined) yield sample({ model }, generation)
  }
}

function* states(view: NodeView): Generator<NumberSample> {
  for (const { model, version, state } of view.servables()) {
    yield sample({ model, version: String(version), state }, 1)
  }
}

function* loads(
  view: NodeView,
  of: (load: { readonly queued: number; readonly inFlight: number }) => number,
): Generator<NumberSample> {
  for (const load of view.requestLoads()) {
    yield sample({ model: load.model, version: String(load.version) }, of(load))
  }
}

function executors(view: NodeView, of: (figures: ExecutorFigures) => number): NumberSample[] {
  return executorFigures(view.executors()).map((figures) => sample({ kind: figures.kind }, of(figures)))
}
