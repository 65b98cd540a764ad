import { gzipSync } from 'node:zlib'
import { waitFor } from '@understudy/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { RawClient } from './raw-client.ts'
import { type RestFixture, startRest } from './rest-fixture.ts'

const PATH = '/v1/models/half:predict'
const BODY = '{"instances": [1.0]}'
const ANSWER = '{"predictions":[2.5]}'

let rest: RestFixture
const clients: RawClient[] = []
const connectRaw = () => {
  const client = new RawClient(rest.port)
  clients.push(client)
  return client
}
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy()
  await rest[Symbol.asyncDispose]()
})

describe('connections', () => {
  it('answers many requests on one connection, also when they come in pieces or pipelined', async () => {
    rest = await startRest()
    const client = connectRaw()
    client.post(PATH, BODY)
    expect(await client.answer()).toMatchObject({ status: 200, body: ANSWER })
    const request = `POST ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`
    for (const piece of [request.slice(0, 30), request.slice(30, -5), request.slice(-5)]) client.send(piece)
    expect((await client.answer()).status).toBe(200)
    client.send(request + request)
    expect((await client.answer()).body).toBe(ANSWER)
    expect((await client.answer()).body).toBe(ANSWER)
    expect(client.closed).toBe(false)
  })

  it('promises to keep an idle connection longer than a load balancer would', async () => {
    rest = await startRest()
    const client = connectRaw()
    client.post(PATH, BODY)
    expect((await client.answer()).headers['keep-alive']).toBe('timeout=75')
  })

  it('aborts the request of a client that goes away', async () => {
    rest = await startRest()
    rest.predictor.hold()
    const client = connectRaw()
    client.post(PATH, BODY, { 'understudy-request-id': 'gone' })
    await waitFor('the request to run', () => rest.predictor.waiting === 1)
    client.socket.destroy()
    await waitFor('the abort', () => rest.predictor.aborted.includes('gone'))
  })

  it('takes a half-closed connection for gone, and lets nothing behind', async () => {
    rest = await startRest()
    rest.predictor.hold()
    const client = connectRaw()
    client.post(PATH, BODY, { 'understudy-request-id': 'half' })
    await waitFor('the request to run', () => rest.predictor.waiting === 1)
    client.socket.end()
    await waitFor('the abort', () => rest.predictor.aborted.includes('half'))
    await waitFor('the connection to end', () => client.closed)
    rest.predictor.release()
    expect(await rest.server.close({ deadlineMs: 5_000 })).toEqual({ cutRequests: 0 })
  })

  it('does not abort a request that was answered', async () => {
    rest = await startRest()
    const client = connectRaw()
    client.post(PATH, BODY)
    await client.answer()
    client.post(PATH, BODY)
    await client.answer()
    client.socket.destroy()
    await rest.server.close({ deadlineMs: 5_000 })
    expect(rest.predictor.aborted).toEqual([])
  })

  it('runs nothing of a body that is shorter than its length header says', async () => {
    rest = await startRest()
    const client = connectRaw()
    client.send(`POST ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n${BODY}`)
    client.socket.end()
    await waitFor('the connection to end', () => client.closed)
    expect(rest.predictor.requests).toHaveLength(0)
  })

  it('refuses the rest of a body that is longer than its length header says', async () => {
    rest = await startRest()
    const client = connectRaw()
    client.send(`POST ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}${BODY}`)
    const first = await client.answer()
    expect(first.status === 400 || (await client.answer()).status === 400).toBe(true)
    await waitFor('the connection to end', () => client.closed)
    expect(rest.predictor.requests.length).toBeLessThanOrEqual(1)
  })

  it('lets no foreign name that resolves to this machine in', async () => {
    rest = await startRest()
    const client = connectRaw()
    client.post(PATH, BODY, { host: 'evil.example:80', origin: 'http://evil.example:80' })
    expect((await client.answer()).status).toBe(403)
  })
})

describe('limits', () => {
  it('refuses a body that its length header calls too large, and the connection goes on', async () => {
    rest = await startRest({ limits: { maxBodyBytes: 1_000 } })
    const client = connectRaw()
    client.post(PATH, 'x'.repeat(100_000))
    expect(await client.answer()).toMatchObject({
      status: 413,
      body: '{ "error": "The body is larger than 1000 bytes." }',
    })
    client.post(PATH, BODY)
    expect((await client.answer()).status).toBe(200)
  })

  it('refuses a chunked body as soon as it is too large, and reads on until the client has its answer', async () => {
    rest = await startRest({ limits: { maxBodyBytes: 1_000 } })
    const client = connectRaw()
    client.send(`POST ${PATH} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n`)
    const chunk = `400\r\n${'x'.repeat(1024)}\r\n`
    client.send(chunk)
    expect((await client.answer()).status).toBe(413)
    client.send(`${chunk.repeat(100)}0\r\n\r\n`)
    client.post(PATH, BODY)
    expect((await client.answer()).status).toBe(200)
  })

  it('does not unpack a gzip bomb beyond the limit', async () => {
    rest = await startRest({ limits: { maxBodyBytes: 1_000_000 } })
    const bomb = gzipSync(Buffer.alloc(50_000_000, ' '))
    expect(bomb.length).toBeLessThan(100_000)
    const client = connectRaw()
    client.post(PATH, bomb, { 'content-encoding': 'gzip' })
    expect((await client.answer()).status).toBe(413)
  })

  it('holds a bounded number of bytes over all requests, and gives them back', async () => {
    rest = await startRest({ limits: { maxBufferedBytes: 100 } })
    rest.predictor.hold()
    const [first, second] = [connectRaw(), connectRaw()]
    first.post(PATH, BODY.padEnd(80))
    await waitFor('the first to run', () => rest.predictor.waiting === 1)
    second.post(PATH, BODY.padEnd(80))
    expect(await second.answer()).toMatchObject({ status: 429, headers: { 'retry-after': '1' } })
    rest.predictor.release()
    expect((await first.answer()).status).toBe(200)
    second.post(PATH, BODY.padEnd(80))
    expect((await second.answer()).status).toBe(200)
  })

  it('refuses deep nesting at once instead of chewing on it', async () => {
    rest = await startRest()
    const client = connectRaw()
    client.post(PATH, '['.repeat(20_000_000))
    expect((await client.answer()).body).toContain('Nesting is too deep')
  })
})

describe('drain', () => {
  it('loses no request: answers what is in flight, takes readiness back, accepts nothing new', async () => {
    rest = await startRest()
    rest.predictor.hold()
    const running = Array.from({ length: 20 }, () => connectRaw())
    for (const client of running) client.post(PATH, BODY)
    await waitFor('all to run', () => rest.predictor.waiting === 20)
    const probe = connectRaw()
    const from = performance.now()
    const closed = rest.server.close({ deadlineMs: 20_000, graceMs: 300 })
    probe.send('GET /v2/health/ready HTTP/1.1\r\nhost: x\r\n\r\n')
    expect(await probe.answer()).toMatchObject({ status: 503, headers: { connection: 'close' } })
    const late = connectRaw()
    late.socket.on('connect', () => late.post(PATH, BODY))
    await waitFor('a request within the grace to run', () => rest.predictor.waiting === 21)
    await waitFor('the port to be closed', async () => {
      const client = connectRaw()
      return new Promise<boolean>((resolve) => {
        client.socket.on('error', () => resolve(true)).on('connect', () => resolve(false))
      })
    })
    rest.predictor.release()
    for (const client of [...running, late]) {
      expect(await client.answer()).toMatchObject({
        status: 200,
        body: ANSWER,
        headers: { connection: 'close' },
      })
    }
    expect(await closed).toEqual({ cutRequests: 0 })
    expect(performance.now() - from).toBeLessThan(15_000)
    expect(rest.predictor.aborted).toEqual([])
  })

  it('cuts what misses the deadline, and says how much', async () => {
    rest = await startRest()
    rest.predictor.hold()
    const client = connectRaw()
    client.post(PATH, BODY)
    await waitFor('the request to run', () => rest.predictor.waiting === 1)
    expect(await rest.server.close({ deadlineMs: 50 })).toEqual({ cutRequests: 1 })
    await waitFor('the abort', () => rest.predictor.aborted.length === 1)
  })

  it('ends idle connections at once', async () => {
    rest = await startRest()
    const client = connectRaw()
    client.post(PATH, BODY)
    await client.answer()
    expect(await rest.server.close({ deadlineMs: 20_000 })).toEqual({ cutRequests: 0 })
    expect(await rest.server.close({ deadlineMs: 20_000 })).toEqual({ cutRequests: 0 })
  })
})
