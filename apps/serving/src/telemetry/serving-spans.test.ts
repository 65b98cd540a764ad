import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  ParentBasedSampler,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node'
import { type PlannedVersion, PlatformError } from '@understudy/core'
import type { RequestEnded } from '@understudy/serving'
import { silentLogger } from '@understudy/telemetry'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ServingSpans } from './serving-spans.ts'

const exporter = new InMemorySpanExporter()
const provider = new NodeTracerProvider({
  sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(1) }),
  spanProcessors: [new SimpleSpanProcessor(exporter)],
})
/** Small numbers would be taken for times since the start of the process. */
const STARTED_AT_MS = 1_700_000_000_000
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const CALLER_SPAN = 'b7ad6b7169203331'
const ROLLOUT = '00-11111111111111111111111111111111-2222222222222222-01'

const ENDED: RequestEnded = {
  ...{ requestId: 'r-1', protocol: 'tfs-rest', model: 'iris', startedAtMs: STARTED_AT_MS, tookMs: 100 },
  servedBy: { model: 'iris', version: 3, digest: 'd', commit: 'c', variant: 'live', generation: 2 },
  times: { decodeMs: 10, queueMs: 20, batchMs: 30, runMs: 10, encodeMs: 5 },
}

beforeAll(() => provider.register())
afterAll(async () => {
  await provider.shutdown()
  // It is global, and other tests run in this process.
  for (const registered of [trace, context, propagation]) registered.disable()
})
beforeEach(() => exporter.reset())

function spansOf(event: Partial<RequestEnded>, chance = 0.5) {
  const spans = new ServingSpans({ logger: silentLogger, sampleRatio: 0.01, random: () => chance })
  spans.loadEnded({
    id: { name: 'iris', version: 3 },
    planned: { traceparent: ROLLOUT } as PlannedVersion,
    ...{ startedAtMs: STARTED_AT_MS, tookMs: 1 },
  })
  exporter.reset()
  spans.requestEnded({ ...ENDED, ...event })
  return exporter.getFinishedSpans()
}

const named = (spans: ReturnType<typeof spansOf>, name: string) => spans.find((span) => span.name === name)

describe('ServingSpans', () => {
  it('makes no span of a request that nobody asked to trace', () => {
    expect(spansOf({})).toEqual([])
    expect(spansOf({ traceparent: `00-${TRACE_ID}-${CALLER_SPAN}-00` }, 0)).toEqual([])
  })

  it('makes none of any request where nobody receives them', () => {
    const spans = new ServingSpans({ logger: silentLogger, sampleRatio: undefined, random: () => 0 })
    for (const traceparent of [undefined, `00-${TRACE_ID}-${CALLER_SPAN}-01`]) {
      for (const error of [undefined, new PlatformError('serving.executor_lost', 'gone')]) {
        spans.requestEnded({ ...ENDED, traceparent, error })
      }
    }
    expect(exporter.getFinishedSpans()).toEqual([])
  })

  it('continues the trace of its caller, names who answered and links to the rollout that brought the version', () => {
    const spans = spansOf({ traceparent: `00-${TRACE_ID}-${CALLER_SPAN}-01` })
    const predict = named(spans, 'serving.predict')
    expect(predict?.spanContext().traceId).toBe(TRACE_ID)
    expect(predict?.parentSpanContext?.spanId).toBe(CALLER_SPAN)
    expect(predict?.kind).toBe(SpanKind.SERVER)
    expect(predict?.links.map((link) => link.context.traceId)).toEqual(['1'.repeat(32)])
    expect(predict?.attributes).toMatchObject({
      ...{ 'understudy.model': 'iris', 'understudy.version': 3, 'understudy.digest': 'd' },
      ...{ 'understudy.commit': 'c', 'understudy.variant': 'live', 'understudy.generation': 2 },
      ...{ 'understudy.request.id': 'r-1', 'understudy.protocol': 'tfs-rest' },
    })
    expect(predict?.endTime).toEqual([1_700_000_000, 1e8])
  })

  it('has its stages as children, the run in its batch', () => {
    const spans = spansOf({}, 0)
    const idOf = (name: string) => named(spans, name)?.spanContext().spanId
    const parents = Object.fromEntries(spans.map((span) => [span.name, span.parentSpanContext?.spanId]))
    const predict = idOf('serving.predict')
    expect(parents).toEqual({
      'serving.predict': undefined,
      'serving.decode': predict,
      'serving.queue': predict,
      'serving.batch': predict,
      'serving.run': idOf('serving.batch'),
      'serving.encode': predict,
    })
    expect(named(spans, 'serving.run')?.duration).toEqual([0, 1e7])
  })

  it('records an error of ours against the decision of a caller who samples nothing, in the same trace', () => {
    const error = new PlatformError('serving.executor_lost', 'gone')
    const predict = named(
      spansOf({ error, traceparent: `00-${TRACE_ID}-${CALLER_SPAN}-00` }),
      'serving.predict',
    )
    expect(predict?.spanContext().traceId).toBe(TRACE_ID)
    expect(predict?.status.code).toBe(SpanStatusCode.ERROR)
    expect(predict?.attributes['understudy.error.code']).toBe('serving.executor_lost')
  })

  it('is no failed span when the caller made the mistake', () => {
    const error = new PlatformError('serving.version_not_found', 'x')
    const predict = named(spansOf({ error, servedBy: undefined }, 0), 'serving.predict')
    expect(predict?.status.code).toBe(SpanStatusCode.UNSET)
    expect(predict?.attributes['understudy.error.code']).toBe('serving.version_not_found')
    expect(predict?.links).toEqual([])
  })

  it('costs no trace for each request of an outage', () => {
    const spans = new ServingSpans({ logger: silentLogger, sampleRatio: 0, random: () => 0.5 })
    const times = { decodeMs: 0, queueMs: 0, batchMs: 0, runMs: 0, encodeMs: 0 }
    const error = new PlatformError('serving.executor_lost', 'gone')
    for (let index = 0; index < 1_000; index += 1) {
      spans.requestEnded({
        ...{
          requestId: 'r',
          protocol: 'trpc',
          model: 'iris',
          startedAtMs: STARTED_AT_MS,
          tookMs: 1,
          times,
          error,
        },
      })
    }
    expect(exporter.getFinishedSpans().length).toBeGreaterThanOrEqual(50)
    expect(exporter.getFinishedSpans().length).toBeLessThan(200)
  })
})
