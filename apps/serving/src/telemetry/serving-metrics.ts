import type { PlatformError } from '@understudy/core'
import type {
  BatchEnded,
  ExecutorIncident,
  LabelsMoved,
  LoadEnded,
  MirrorRunEnded,
  Protocol,
  RequestEnded,
  ServableId,
  ServingObserver,
  WarmUpEnded,
} from '@understudy/serving'
import { HistogramSeries, HistogramShape } from '@understudy/telemetry/metrics'
import type { ModelSeries, SeriesRegistry } from './series-registry.ts'
import { TF_LATENCY_SHAPE } from './tf-serving-series.ts'
import type { VersionSeries } from './version-series.ts'

/** Seconds, from a millisecond to ten minutes. */
export const LOAD_SHAPE = new HistogramShape([
  0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600,
])

const ON_REST = {
  predict: { entrypoint: 'REST', task: 'predict' },
  classify: { entrypoint: 'REST', task: 'classify' },
  regress: { entrypoint: 'REST', task: 'regress' },
  multi: undefined,
} as const
const ON_GRPC = {
  predict: { entrypoint: 'GRPC', task: 'predict' },
  classify: { entrypoint: 'GRPC', task: 'classify' },
  regress: { entrypoint: 'GRPC', task: 'regress' },
  multi: undefined,
} as const
/** What TensorFlow Serving counts too; it leaves out calls with several tasks. */
const TF_CALLS = {
  'tfs-rest': ON_REST,
  'tfs-grpc': ON_GRPC,
  'oip-rest': undefined,
  'oip-grpc': undefined,
  trpc: undefined,
} as const satisfies Record<Protocol, unknown>

export type LoadOutcome = 'ok' | 'error'

/** What is counted of loads and warm-ups, by outcome. */
export class LoadSeries {
  readonly duration: Record<LoadOutcome, HistogramSeries> = {
    ok: new HistogramSeries(LOAD_SHAPE),
    error: new HistogramSeries(LOAD_SHAPE),
  }
}

/**
 * Counts what the data plane tells. A request costs a few increments in typed arrays and allocates nothing; labels were made when
 * the first of its kind came. Clients choose no label: a model that is not in the plan is counted without a name.
 */
export class ServingMetrics implements ServingObserver {
  readonly registry: SeriesRegistry
  readonly loads = new LoadSeries()
  readonly warmUps = new LoadSeries()
  /** Successful warm-ups in microseconds, as TensorFlow Serving counts them. */
  readonly tfWarmUps = new HistogramSeries(TF_LATENCY_SHAPE)
  /** Batches that were run. */
  batches = 0
  /** What went wrong and failed no request. */
  troubles = 0

  constructor(registry: SeriesRegistry) {
    this.registry = registry
  }

  requestEnded(event: RequestEnded): void {
    const { servedBy, error, times, tookMs, protocol } = event
    const { registry } = this
    const model = servedBy === undefined ? registry.model(event.model) : registry.know(servedBy.model)
    registry
      .version(model, servedBy === undefined ? null : servedBy.version)
      .requestsOf(servedBy?.variant, protocol)
      .record(tookMs, times, error)
    const call = TF_CALLS[protocol]?.[event.task ?? 'predict']
    if (call !== undefined) model.tfServing.record(call, { tookMs, runMs: times.runMs }, error)
    if (error !== undefined && isRejection(error)) countRejection(model, error.code)
  }

  batchEnded(event: BatchEnded): void {
    const model = this.registry.know(event.id.name)
    const version = this.registry.version(model, event.id.version)
    version.batchRows.observe(event.rows)
    version.batchRequests.observe(event.requests)
    model.tfServing.queuingLatency.observe(event.queuedMs * 1_000)
    this.batches += 1
  }

  loadEnded(event: LoadEnded): void {
    const outcome = outcomeOf(event)
    this.#version(event.id).loads[outcome] += 1
    this.loads.duration[outcome].observe(event.tookMs / 1_000)
  }

  warmUpEnded(event: WarmUpEnded): void {
    const outcome = outcomeOf(event)
    this.warmUps.duration[outcome].observe(event.tookMs / 1_000)
    if (outcome === 'ok') this.tfWarmUps.observe(event.tookMs * 1_000)
  }

  labelsMoved(event: LabelsMoved): void {
    this.registry.know(event.model)
  }

  mirrorRunEnded(event: MirrorRunEnded): void {
    const id = { name: event.model, version: event.mirror.candidate }
    this.#version(id).shadowRuns[event.outcome] += 1
  }

  incident(event: ExecutorIncident): void {
    // The same input once more, alone and on purpose, is a finding and no second loss.
    if (event.confirmedInput !== null) return
    this.#version(event.id).incidents[event.kind] += 1
  }

  troubled(): void {
    this.troubles += 1
  }

  #version(id: ServableId): VersionSeries {
    return this.registry.version(this.registry.know(id.name), id.version)
  }
}

function outcomeOf(event: LoadEnded): LoadOutcome {
  return event.error === undefined ? 'ok' : 'error'
}

function isRejection({ category }: PlatformError): boolean {
  return category === 'RESOURCE_EXHAUSTED' || category === 'UNAVAILABLE'
}

function countRejection(model: ModelSeries, code: string): void {
  model.rejected.set(code, (model.rejected.get(code) ?? 0) + 1)
}
