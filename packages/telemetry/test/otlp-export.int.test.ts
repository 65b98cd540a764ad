import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { context, propagation, trace } from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { currentTraceparent, tracer, withSpan } from '../src/index.ts'
import { labelSet } from '../src/metrics/index.ts'
import { startTelemetry } from '../src/sdk.ts'

interface Received {
  readonly url: string | undefined
  readonly body: string
}

let collector: Server
let received: Received[]
let endpoint: string

beforeEach(async () => {
  received = []
  collector = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({ url: request.url, body: Buffer.concat(chunks).toString('utf8') })
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  collector.listen(0, '127.0.0.1')
  await once(collector, 'listening')
  endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
})
afterEach(() => {
  collector.close()
  // Each test is a process of its own.
  for (const api of [trace, context, propagation]) api.disable()
})

const work = (parent?: string) =>
  withSpan(tracer('controller'), 'gitops.sync', { parent }, async () => currentTraceparent())

describe('startTelemetry', () => {
  it('sends every span to the collector before it stops, under the name of its process', async () => {
    const telemetry = startTelemetry({ serviceName: 'understudy-controller', otlpEndpoint: `${endpoint}/` })
    const traceparent = await work()
    await telemetry.shutdown()
    expect(received.map((one) => one.url)).toEqual(['/v1/traces'])
    const sent = received[0]?.body ?? ''
    for (const part of ['understudy-controller', 'gitops.sync', traceparent?.split('-')[1] ?? 'no id']) {
      expect(sent).toContain(part)
    }
  })

  it('makes trace ids for logs and records also where nothing is exported', async () => {
    const telemetry = startTelemetry({ serviceName: 'understudy-serving' })
    expect(await work()).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    await telemetry.shutdown()
    expect(received).toEqual([])
  })

  it('records the share of traces that was asked for, and follows every sampled parent', async () => {
    const telemetry = startTelemetry({
      serviceName: 'understudy-serving',
      otlpEndpoint: endpoint,
      sampleRatio: 0,
    })
    expect(await work()).toMatch(/-00$/)
    await work('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')
    await telemetry.shutdown()
    expect(received).toHaveLength(1)
    expect(received[0]?.body).toContain('0af7651916cd43dd8448eb211c80319c')
  })

  it('sends what the process counts before it stops, under the names that Prometheus sees', async () => {
    const telemetry = startTelemetry({
      serviceName: 'understudy-serving',
      otlpEndpoint: endpoint,
      metrics: [
        {
          kind: 'counter',
          name: 'understudy_requests_total',
          help: 'Requests.',
          samples: () => [{ labels: labelSet({ model: 'iris' }, Date.now()), value: 41 }],
        },
      ],
    })
    await telemetry.shutdown()
    expect(received.map((one) => one.url)).toEqual(['/v1/metrics'])
    for (const part of ['understudy-serving', 'understudy_requests_total', 'iris', '41'])
      expect(received[0]?.body).toContain(part)
  })

  it.each(['away', 'broken'])('does not keep a process from ending when the collector is %s', async (how) => {
    if (how === 'away') collector.close()
    else collector.removeAllListeners('request').on('request', (_, response) => response.writeHead(503).end())
    const telemetry = startTelemetry({ serviceName: 'understudy-serving', otlpEndpoint: endpoint })
    await work()
    const began = performance.now()
    await telemetry.shutdown()
    expect(performance.now() - began).toBeLessThan(4_000)
  })
})
