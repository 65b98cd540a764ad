import { type Context, type Span, SpanKind, TraceFlags, type Tracer, trace } from '@opentelemetry/api'
import type { RequestEnded } from '@understudy/serving'
import { ATTRIBUTES, contextFrom, linksTo, recordFailure } from '@understudy/telemetry'
import { isServerError } from './decide-sampling.ts'
import { layOutStages } from './lay-out-stages.ts'

/**
 * Makes the spans of one request that is over: `serving.predict` in the trace of its caller, linked to the rollout that brought the
 * version, and its stages below. The run is a child of its batch.
 */
export function makeRequestSpans(
  tracer: Tracer,
  event: RequestEnded,
  rolloutTraceparent: string | null | undefined,
): void {
  const { startedAtMs, tookMs, error } = event
  const parent = recordedContext(event.traceparent)
  const span = tracer.startSpan(
    'serving.predict',
    {
      kind: SpanKind.SERVER,
      startTime: startedAtMs,
      links: linksTo(rolloutTraceparent),
      attributes: attributesOf(event),
    },
    parent,
  )
  if (isServerError(error)) recordFailure(span, error)
  else if (error !== undefined) span.setAttribute(ATTRIBUTES.errorCode, error.code)
  makeStageSpans(tracer, span, event)
  span.end(startedAtMs + tookMs)
}

function attributesOf({ model, requestId, protocol, servedBy }: RequestEnded) {
  return {
    [ATTRIBUTES.model]: model,
    [ATTRIBUTES.requestId]: requestId,
    [ATTRIBUTES.protocol]: protocol,
    ...(servedBy === undefined
      ? {}
      : {
          [ATTRIBUTES.version]: servedBy.version,
          [ATTRIBUTES.digest]: servedBy.digest,
          [ATTRIBUTES.commit]: servedBy.commit,
          [ATTRIBUTES.variant]: servedBy.variant,
          [ATTRIBUTES.generation]: servedBy.generation,
        }),
  }
}

function makeStageSpans(tracer: Tracer, predict: Span, event: RequestEnded): void {
  const inPredict = trace.setSpan(contextFrom(undefined), predict)
  let inBatch = inPredict
  for (const { name, startMs, endMs } of layOutStages(event.startedAtMs, event.tookMs, event.times)) {
    const parent = name === 'run' ? inBatch : inPredict
    const span = tracer.startSpan(`serving.${name}`, { startTime: startMs }, parent)
    if (name === 'batch') inBatch = trace.setSpan(inPredict, span)
    span.end(endMs)
  }
}

/** The caller's context, with the decision that was made here: a sampler would follow a caller who samples nothing. */
function recordedContext(traceparent: string | undefined): Context {
  const context = contextFrom(traceparent)
  const caller = trace.getSpanContext(context)
  if (caller === undefined) return context
  return trace.setSpanContext(context, { ...caller, traceFlags: caller.traceFlags | TraceFlags.SAMPLED })
}
