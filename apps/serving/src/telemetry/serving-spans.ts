import { type Context, SpanKind, trace } from '@opentelemetry/api'
import { type PlannedVersion, versionName } from '@understudy/core'
import type {
  LabelsMoved,
  LoadEnded,
  MirrorRunEnded,
  PredictEnded,
  ServingObserver,
} from '@understudy/serving'
import { ATTRIBUTES, contextFrom, type Logger, linksTo, recordFailure, tracer } from '@understudy/telemetry'

export interface ServingSpansOptions {
  readonly logger: Logger
  /** Share of predict requests that get a span without another reason. */
  readonly sampleRatio: number
  readonly random: () => number
}

/** A predict that takes longer gets a span. */
const SLOW_MS = 1_000
/** Spans of mirrored runs per rollout: enough to see the shadow in its trace, not one per request. */
const MIRROR_SPANS_MAX = 5

function isSampled(traceparent: string | undefined): boolean {
  return traceparent !== undefined && (Number.parseInt(traceparent.slice(-2), 16) & 1) === 1
}

/**
 * Turns what the data plane tells into spans, after the fact: loading, warming, moving labels and shadow runs continue the
 * trace of the rollout; a predict is a span of its caller's trace that links to the rollout which put its version live.
 *
 * Whether a predict gets a span is decided before one is made: sampled caller, error, slow, or by chance.
 */
export class ServingSpans implements ServingObserver {
  readonly #tracer = tracer('serving')
  readonly #options: ServingSpansOptions
  readonly #planned = new Map<string, PlannedVersion>()
  readonly #mirrored = new Map<string, number>()

  constructor(options: ServingSpansOptions) {
    this.#options = options
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

  predictEnded(event: PredictEnded): void {
    const { error, tookMs, traceparent } = event
    const { random, sampleRatio } = this.#options
    if (error === undefined && tookMs < SLOW_MS && !isSampled(traceparent) && random() >= sampleRatio) return
    const span = this.#tracer.startSpan(
      'serving.predict',
      {
        kind: SpanKind.SERVER,
        startTime: event.startedAtMs,
        links: linksTo(event.rolloutTraceparent),
        attributes: {
          [ATTRIBUTES.model]: event.model,
          [ATTRIBUTES.requestId]: event.requestId,
          ...(event.servedBy
            ? {
                [ATTRIBUTES.version]: event.servedBy.version,
                [ATTRIBUTES.digest]: event.servedBy.digest,
                [ATTRIBUTES.variant]: event.servedBy.variant,
                [ATTRIBUTES.generation]: event.servedBy.generation,
              }
            : {}),
        },
      },
      contextFrom(traceparent),
    )
    if (error) recordFailure(span, error)
    span.end(event.startedAtMs + tookMs)
  }

  batchEnded(): void {}

  requestEnded(): void {}

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
