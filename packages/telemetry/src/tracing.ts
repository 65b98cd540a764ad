import {
  type Attributes,
  type Context,
  context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { isPlatformError } from '@understudy/core'

/** Attribute names that only this platform knows; versions and ids belong on spans, never on metric labels without bounds. */
export const ATTRIBUTES = {
  model: 'understudy.model',
  version: 'understudy.version',
  digest: 'understudy.digest',
  commit: 'understudy.commit',
  variant: 'understudy.variant',
  generation: 'understudy.generation',
  rolloutId: 'understudy.rollout.id',
  requestId: 'understudy.request.id',
  protocol: 'understudy.protocol',
  errorCode: 'understudy.error.code',
} as const

export function tracer(name: string): Tracer {
  return trace.getTracer(`understudy.${name}`)
}

/** The W3C `traceparent` of the active (or given) context; null when nothing is traced. */
export function currentTraceparent(of: Context = context.active()): string | null {
  const carrier: { traceparent?: string } = {}
  propagation.inject(of, carrier)
  return carrier.traceparent ?? null
}

/** A context that continues a stored trace; the root context when there is none to continue. */
export function contextFrom(traceparent: string | null | undefined): Context {
  return traceparent ? propagation.extract(ROOT_CONTEXT, { traceparent }) : ROOT_CONTEXT
}

/** Links to a stored trace, for work that belongs to another trace but was made possible by this one. */
export function linksTo(traceparent: string | null | undefined): Link[] {
  const spanContext = trace.getSpanContext(contextFrom(traceparent))
  return spanContext ? [{ context: spanContext }] : []
}

/** Trace id of a stored context, for people who want to look it up. Also where nothing is traced, as in the console. */
export function traceIdOf(traceparent: string | null | undefined): string | null {
  return /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(traceparent ?? '')?.[1] ?? null
}

export interface SpanOptions {
  readonly attributes?: Attributes
  /** Continue this stored trace instead of the active one. */
  readonly parent?: string | null | undefined
  /** Milliseconds since the epoch at which the work began, when it is recorded afterwards. */
  readonly startTime?: number | undefined
}

/** Runs `work` in a span that ends with it; a failure is recorded on the span and goes on to the caller. */
export async function withSpan<T>(
  from: Tracer,
  name: string,
  options: SpanOptions,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const parent = options.parent ? contextFrom(options.parent) : context.active()
  return await from.startActiveSpan(
    name,
    {
      attributes: options.attributes ?? {},
      ...(options.startTime === undefined ? {} : { startTime: options.startTime }),
    },
    parent,
    async (span) => {
      try {
        return await work(span)
      } catch (error) {
        recordFailure(span, error)
        throw error
      } finally {
        span.end()
      }
    },
  )
}

/** Marks a span as failed, with the registered code where there is one. */
export function recordFailure(span: Span, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  span.setStatus({ code: SpanStatusCode.ERROR, message })
  if (isPlatformError(error)) span.setAttribute(ATTRIBUTES.errorCode, error.code)
  else if (error instanceof Error) span.recordException(error)
}
