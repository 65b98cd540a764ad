import { context, propagation, trace } from '@opentelemetry/api'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { PlatformError } from '@understudy/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLogger, type Logger, silentLogger } from './logger.ts'
import { tracer, withSpan } from './tracing.ts'

const provider = new NodeTracerProvider()
beforeAll(() => provider.register())
afterAll(async () => {
  await provider.shutdown()
  // It is global, and other tests run in this process.
  for (const registered of [trace, context, propagation]) registered.disable()
})

/** A logger and the lines it wrote, read back. */
function capture(level?: string) {
  const lines: Record<string, unknown>[] = []
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) }
  return { logger: createLogger({ name: 'controller', level, destination }), lines }
}

describe('createLogger', () => {
  it('writes one line of JSON with level, time, process and what was said', () => {
    const { logger, lines } = capture()
    logger.info({ model: 'iris' }, 'synced')
    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        name: 'controller',
        pid: process.pid,
        model: 'iris',
        msg: 'synced',
      },
    ])
  })

  it('says nothing below its level', () => {
    const { logger, lines } = capture('warn')
    logger.debug('a')
    logger.info('b')
    logger.warn('c')
    expect(lines.map((line) => line.msg)).toEqual(['c'])
  })

  it('carries the ids of the active span, and none outside of one; children too', async () => {
    const { logger, lines } = capture()
    const child = logger.child({ model: 'iris' })
    await withSpan(tracer('test'), 'act', {}, async (span) => {
      const { traceId, spanId } = span.spanContext()
      for (const one of [logger, child]) one.info('inside')
      const ids = { trace_id: traceId, span_id: spanId }
      expect(lines).toMatchObject([ids, { ...ids, model: 'iris' }])
    })
    child.info('outside')
    expect(lines.at(-1)).not.toHaveProperty('trace_id')
  })

  it.each<[string, (logger: Logger, secret: string) => void]>([
    ['a password', (logger, password) => logger.info({ password }, 'x')],
    ['a token in a part', (logger, token) => logger.info({ repository: { token } }, 'x')],
    ['an address of the database', (logger, databaseUrl) => logger.info({ databaseUrl }, 'x')],
    ['an authorization header', (logger, authorization) => logger.info({ headers: { authorization } }, 'x')],
    ['what a child was bound to', (logger, token) => logger.child({ token }).info('x')],
  ])('cuts out %s', (_, write) => {
    const { logger, lines } = capture()
    write(logger, 's3cret')
    expect(JSON.stringify(lines)).not.toContain('s3cret')
    expect(JSON.stringify(lines)).toContain('[redacted]')
  })

  it('writes an error with its code, id and cause', () => {
    const { logger, lines } = capture()
    const err = new PlatformError('gitops.fetch_failed', 'no network', { cause: new Error('ECONNREFUSED') })
    logger.warn({ err }, 'work failed')
    expect(lines).toMatchObject([{ err: { code: 'gitops.fetch_failed', id: err.id } }])
    expect(JSON.stringify(lines)).toContain('ECONNREFUSED')
  })
})

describe('silentLogger', () => {
  it('takes everything and writes nothing, children included', () => {
    expect(silentLogger.child({ model: 'iris' })).toBe(silentLogger)
    for (const level of ['debug', 'info', 'warn', 'error'] as const) silentLogger[level]({}, 'x')
  })
})
