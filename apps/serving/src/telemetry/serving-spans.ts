import { type Context, trace } from '@opentelemetry/api'
import { type PlannedVersion, versionName } from '@understudy/core'
import type {
  LabelsMoved,
  LoadEnded,
  MirrorRunEnded,
  RequestEnded,
  ServingObserver,
} from '@understudy/serving'
import { ATTRIBUTES, contextFrom, type Logger, recordFailure, tracer } from '@understudy/telemetry'
import { decideSampling, type SamplingRule } from './decide-sampling.ts'
import { RecentMap } from './recent-map.ts'
import { makeRequestSpans } from './request-spans.ts'
import { TraceAllowance } from './trace-allowance.ts'

export interface ServingSpansOptions {
  readonly logger: Logger
  /** Share of requests that get spans without another reason; undefined: nobody receives spans, so no request gets any. */
  readonly sampleRatio: number | undefined
  readonly random: () => number
}

/** Spans of mirrored runs per rollout: enough to see the shadow in its trace, not one per request. */
const MIRROR_SPANS_MAX = 5
/** Versions and rollouts that are remembered. */
const REMEMBERED_MAX = 4_096
/** Failed and slow requests that are traced without another reason. */
const EXTRA_TRACES_PER_SECOND = 50

/**
 * Turns what the data plane tells into spans, after the fact: loading, warming, moving labels and shadow runs continue the
 * trace of the rollout; a predict is a span of its caller's trace that links to the rollout which put its version live.
 *
 * Whether a request gets spans is decided before one is made ({@link decideSampling}); most get none, and cost next to nothing.
 */
export class ServingSpans implements ServingObserver {
  readonly #tracer = tracer('serving')
  readonly #options: ServingSpansOptions
  readonly #rule: SamplingRule | undefined
  readonly #planned = new RecentMap<string, PlannedVersion>(REMEMBERED_MAX)
  readonly #mirrored = new RecentMap<string, number>(REMEMBERED_MAX)

  constructor(options: ServingSpansOptions) {
    this.#options = options
    const extra = new TraceAllowance(EXTRA_TRACES_PER_SECOND)
    const { sampleRatio: ratio, random } = options
    this.#rule =
      ratio === undefined ? undefined : { ratio, random, takeExtra: () => extra.take(performance.now()) }
  }

  loadEnded(event: LoadEnded): void {
    this.#planned.set(versionName(event.id.name, event.id.version), event.planned)
    this.#lifecycle('serving.load', event)
  }

  warmUpEnded(event: LoadEnded & { readonly runs: number }): void {
    this.#lifecycle('serving.warmUp', event)
  }

  labelsMoved(event: LabelsMoved): void {
    // A model that is only planned yet: its empty set of labels was acknowledged, nothing moved.
    if (event.from.size === 0 && event.to.size === 0) return
    const live = event.to.get('live')
    const planned = live === undefined ? undefined : this.#planned.get(versionName(event.model, live))
    this.#options.logger.info(
      { ...event, from: Object.fromEntries(event.from), to: Object.fromEntries(event.to) },
      'labels moved',
    )
    const span = this.#tracer.startSpan(
      'serving.moveLabels',
      {
        startTime: event.atMs,
        attributes: {
          [ATTRIBUTES.model]: event.model,
          [ATTRIBUTES.generation]: event.generation,
          [ATTRIBUTES.version]: live ?? 0,
        },
      },
      contextFrom(planned?.traceparent),
    )
    span.end()
  }

  requestEnded(event: RequestEnded): void {
    if (this.#rule === undefined || decideSampling(event, this.#rule) === null) return
    const { servedBy } = event
    const planned =
      servedBy === undefined ? undefined : this.#planned.get(versionName(servedBy.model, servedBy.version))
    makeRequestSpans(this.#tracer, event, planned?.traceparent)
  }

  batchEnded(): void {}

  incident(): void {}

  mirrorRunEnded(event: MirrorRunEnded): void {
    const seen = this.#mirrored.get(event.mirror.rolloutId) ?? 0
    if (seen >= MIRROR_SPANS_MAX) return
    this.#mirrored.set(event.mirror.rolloutId, seen + 1)
    const span = this.#tracer.startSpan(
      'serving.shadow',
      {
        startTime: event.startedAtMs,
        attributes: {
          [ATTRIBUTES.model]: event.model,
          [ATTRIBUTES.version]: event.mirror.candidate,
          [ATTRIBUTES.rolloutId]: event.mirror.rolloutId,
          'understudy.shadow.outcome': event.outcome,
        },
      },
      contextFrom(event.mirror.traceparent),
    )
    span.end(event.startedAtMs + event.tookMs)
  }

  troubled(error: Error): void {
    this.#options.logger.warn({ err: error }, 'trouble that fails no request')
  }

  #lifecycle(name: string, event: LoadEnded): void {
    const { id, planned, error } = event
    const parent: Context = contextFrom(planned.traceparent)
    const span = this.#tracer.startSpan(
      name,
      {
        startTime: event.startedAtMs,
        attributes: {
          [ATTRIBUTES.model]: id.name,
          [ATTRIBUTES.version]: id.version,
          [ATTRIBUTES.digest]: planned.digest,
          [ATTRIBUTES.commit]: planned.commit,
        },
      },
      parent,
    )
    const log = {
      model: id.name,
      version: id.version,
      tookMs: event.tookMs,
      trace_id: trace.getSpanContext(parent)?.traceId,
    }
    if (error) {
      recordFailure(span, error)
      this.#options.logger.warn({ ...log, err: error }, `${name} failed`)
    } else this.#options.logger.info(log, name)
    span.end(event.startedAtMs + event.tookMs)
  }
}
