import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import type { ServedBy } from '@understudy/core'
import { waitFor } from '@understudy/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { NodeMetrics } from '../src/telemetry/node-metrics.ts'
import { tfServingFamilies } from '../src/telemetry/tf-serving-families.ts'
import { parseExposition } from './parse-exposition.ts'
import { type RestFixture, startRest } from './rest-fixture.ts'

const TIMES = { decodeMs: 0.1, queueMs: 0.1, batchMs: 1, runMs: 0.5, encodeMs: 0.1 }

let rest: RestFixture
afterEach(() => rest[Symbol.asyncDispose]())

/** A node with so many models, two used versions each. */
async function start(models: number): Promise<NodeMetrics> {
  const names = Array.from({ length: models }, (_, index) => `model-${index}`)
  const metrics = new NodeMetrics({
    models: () => names,
    servables: () =>
      names.flatMap((model) => [1, 2].map((version) => ({ model, version, state: 'available' }))),
    requestLoads: () => names.map((model) => ({ model, version: 2, queued: 5, inFlight: 3 })),
    generationOf: () => 7,
    planAgeMs: () => 1_500,
    isReady: () => true,
    executors: () => [{ pid: process.pid, kind: 'spare', models: 0 }],
  })
  for (const model of names) {
    for (const version of [1, 2]) {
      const servedBy: ServedBy = {
        ...{ model, version, digest: 'd', commit: 'c', variant: 'live', generation: 7 },
      }
      metrics.observer.requestEnded({
        ...{ requestId: 'r', protocol: 'tfs-rest', model, servedBy, times: TIMES, startedAtMs: 0, tookMs: 2 },
      })
    }
  }
  rest = await startRest({ metrics: metrics.route })
  return metrics
}

async function scrape(path = '/metrics') {
  const response = await fetch(`${rest.url}${path}`)
  return { response, families: parseExposition(await response.text()) }
}

const DOCUMENT = new URL('../../../docs/reference/metrics.md', import.meta.url)

describe('GET /metrics', () => {
  it('has each of its names in the reference, and nothing else is there', async () => {
    const { observer, families } = await start(1)
    const names = [...families, ...tfServingFamilies(observer)].map((family) => family.name)
    const text = await readFile(DOCUMENT, 'utf8')
    const documented = [...text.matchAll(/^\| `([^`{]+)/gm)].map((match) => match[1])
    expect(documented.toSorted()).toEqual(names.toSorted())
  })

  it('answers what was counted and what is, in the text format', async () => {
    await start(1)
    const { response, families } = await scrape()
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const labels = 'model="model-0",version="2",variant="live",protocol="tfs-rest"'
    const value = (family: string, key: string) => families.get(family)?.samples.get(key)
    expect(value('understudy_requests_total', `understudy_requests_total{${labels},code="OK"}`)).toBe(1)
    expect(families.get('understudy_run_duration_seconds')?.type).toBe('histogram')
    expect(value('understudy_plan_age_seconds', 'understudy_plan_age_seconds{}')).toBe(1.5)
    expect(value('understudy_labels_generation', 'understudy_labels_generation{model="model-0"}')).toBe(7)
    expect(
      value(
        'understudy_servable_state',
        'understudy_servable_state{model="model-0",version="1",state="available"}',
      ),
    ).toBe(1)
    const used = '{model="model-0",version="2"}'
    expect(value('understudy_requests_queued', `understudy_requests_queued${used}`)).toBe(5)
    expect(value('understudy_requests_in_flight', `understudy_requests_in_flight${used}`)).toBe(3)
    expect(value('understudy_executors', 'understudy_executors{kind="spare"}')).toBe(1)
    expect(
      value(
        ':tensorflow:serving:request_count',
        ':tensorflow:serving:request_count{model_name="model-0",status="OK"}',
      ),
    ).toBe(2)
    expect(value('process_resident_memory_bytes', 'process_resident_memory_bytes{}')).toBeGreaterThan(1e6)
    await waitFor('the first delay', async () =>
      (await scrape()).families.has('nodejs_eventloop_delay_seconds'),
    )
  })

  it("answers the same at TensorFlow Serving's path, and a HEAD without a body", async () => {
    await start(1)
    const { families } = await scrape('/monitoring/prometheus/metrics')
    expect(families.has(':tensorflow:serving:request_latency')).toBe(true)
    const head = await fetch(`${rest.url}/metrics`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
  })

  it('can only be read, and by no page of another site', async () => {
    await start(1)
    expect((await fetch(`${rest.url}/metrics`, { method: 'POST', body: '{}' })).status).toBe(404)
    const foreign = await fetch(`${rest.url}/metrics`, { headers: { origin: 'https://evil.example' } })
    expect(foreign.status).toBe(403)
  })

  it('answers a thousand models completely, while others are answered in between', async () => {
    await start(1_000)
    const scraped = scrape()
    let answered = 0
    let isOver = false
    const ask = async () => {
      while (!isOver) {
        await (await fetch(`${rest.url}/v2/health/live`)).text()
        if (!isOver) answered += 1
      }
    }
    const asking = ask()
    const { families } = await scraped
    isOver = true
    await asking
    expect(families.get('understudy_requests_total')?.samples.size).toBe(2_000)
    expect(answered).toBeGreaterThan(3)
  })

  it('is no way to fill memory: four scrapers who do not read are all, and their places are free when they leave', async () => {
    await start(1_000)
    const sockets = Array.from({ length: 4 }, () => connect(rest.port, '127.0.0.1'))
    for (const socket of sockets) {
      socket.pause()
      socket.write('GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n')
    }
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    await waitFor('the refusal', async () => {
      const response = await fetch(`${rest.url}/metrics`)
      await response.body?.cancel()
      return response.status === 429
    })
    for (const socket of sockets) socket.destroy()
    await waitFor('a free place', async () => {
      const response = await fetch(`${rest.url}/metrics`)
      await response.body?.cancel()
      return response.status === 200
    })
  })
})
