import { context, propagation, SpanStatusCode, trace } from '@opentelemetry/api'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { PlatformError } from '@understudy/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  ATTRIBUTES,
  contextFrom,
  currentTraceparent,
  linksTo,
  traceIdOf,
  tracer,
  withSpan,
} from './tracing.ts'

const exporter = new InMemorySpanExporter()
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
const STORED = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'

beforeAll(() => provider.register())
afterAll(async () => {
  await provider.shutdown()
  // It is global, and other tests run in this process.
  for (const registered of [trace, context, propagation]) registered.disable()
})
beforeEach(() => exporter.reset())

function only() {
  const [span, ...others] = exporter.getFinishedSpans()
  if (!span || others.length > 0) throw new Error(`${others.length + (span ? 1 : 0)} spans ended, not one`)
  return span
}

describe('withSpan', () => {
  it('gives back what the work gave, in a span that ends with it', async () => {
    const answer = await withSpan(
      tracer('db'),
      'record.read',
      { attributes: { model: 'iris' } },
      async () => {
        expect(exporter.getFinishedSpans()).toEqual([])
        return 42
      },
    )
    expect(answer).toBe(42)
    expect(only()).toMatchObject({ name: 'record.read', attributes: { model: 'iris' } })
    expect(only().instrumentationScope.name).toBe('understudy.db')
    expect(only().status.code).toBe(SpanStatusCode.UNSET)
  })

  it('is a child of the span around it', async () => {
    await withSpan(tracer('db'), 'outer', {}, () =>
      withSpan(tracer('db'), 'inner', {}, async () => undefined),
    )
    const [inner, outer] = exporter.getFinishedSpans()
    expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId)
  })

  it('continues a stored trace instead, so that one push is one trace across processes', async () => {
    await withSpan(tracer('db'), 'outer', {}, () =>
      withSpan(tracer('db'), 'inner', { parent: STORED }, async () => undefined),
    )
    const [inner, outer] = exporter.getFinishedSpans()
    expect(inner?.spanContext().traceId).toBe(TRACE_ID)
    expect(outer?.spanContext().traceId).not.toBe(TRACE_ID)
  })

  it('keeps the active trace when no other was stored', async () => {
    await withSpan(tracer('db'), 'outer', {}, () =>
      withSpan(tracer('db'), 'inner', { parent: null }, async () => undefined),
    )
    const [inner, outer] = exporter.getFinishedSpans()
    expect(inner?.spanContext().traceId).toBe(outer?.spanContext().traceId)
  })

  it('begins when the work began, also when that is told afterwards', async () => {
    await withSpan(tracer('db'), 'late', { startTime: 1_700_000_000_000 }, async () => undefined)
    expect(only().startTime).toEqual([1_700_000_000, 0])
  })

  it('records a registered failure by its code and passes it on', async () => {
    const error = new PlatformError('rollout.not_open', 'No rollout is open.')
    await expect(withSpan(tracer('db'), 'act', {}, () => Promise.reject(error))).rejects.toBe(error)
    expect(only().status).toEqual({ code: SpanStatusCode.ERROR, message: 'No rollout is open.' })
    expect(only().attributes[ATTRIBUTES.errorCode]).toBe('rollout.not_open')
    expect(only().events).toEqual([])
  })

  it('records an unforeseen failure with its stack, and one that is no error by its text', async () => {
    const failed = async (error: unknown) => {
      exporter.reset()
      await withSpan(tracer('db'), 'act', {}, () => Promise.reject(error)).catch(() => undefined)
      return only()
    }
    expect((await failed(new TypeError('broken'))).events).toMatchObject([{ name: 'exception' }])
    expect((await failed('just text')).status.message).toBe('just text')
  })
})

describe('a stored trace', () => {
  it('is what the active span says, and nothing outside of one', async () => {
    expect(currentTraceparent()).toBeNull()
    await withSpan(tracer('db'), 'act', {}, async (span) => {
      const { traceId, spanId } = span.spanContext()
      expect(currentTraceparent()).toBe(`00-${traceId}-${spanId}-01`)
    })
  })

  it('comes back as it was stored', () => {
    expect(currentTraceparent(contextFrom(STORED))).toBe(STORED)
  })

  it('never continues what happens to be active when there is none', async () => {
    await withSpan(tracer('db'), 'act', {}, async () => {
      expect(trace.getSpanContext(contextFrom(null))).toBeUndefined()
      expect(trace.getSpanContext(context.active())).toBeDefined()
    })
  })

  it('is linked to by work that belongs to another trace', () => {
    expect(linksTo(STORED)).toMatchObject([{ context: { traceId: TRACE_ID, spanId: 'b7ad6b7169203331' } }])
  })

  it.each([null, undefined, '', 'nonsense', `${STORED}-more`, STORED.toUpperCase()])(
    'of %s is none: no link, no id',
    (text) => {
      expect(linksTo(text)).toEqual([])
      expect(traceIdOf(text)).toBeNull()
    },
  )

  it('has an id that people can look up', () => {
    expect(traceIdOf(STORED)).toBe(TRACE_ID)
  })
})
