import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { ServedBy } from '@understudy/core'
import { waitFor } from '@understudy/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { answerHeaders } from '../src/http/answer-headers.ts'
import { AnswerText } from '../src/http/answer-text.ts'
import { IncomingRequest } from '../src/http/incoming-request.ts'
import { OneWriteResponse } from '../src/http/one-write-response.ts'

const SERVED_BY: ServedBy = {
  model: 'half',
  version: 2,
  digest: 'sha256:d2',
  commit: 'c2',
  variant: 'live',
  generation: 7,
}
const BODY = '{"predictions":[2.5]}'
const ANSWERED = /HTTP\/1\.1 200 OK\r\n/g

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** Answers `/text` in one piece, `/node` as Node does, and both after the whole body was taken. */
async function listen(keepAliveTimeout: number): Promise<number> {
  const answerText = new AnswerText(keepAliveTimeout)
  const parts = { servedBy: SERVED_BY, requestId: 'r1', planAgeMs: 61_000.4, body: BODY }
  const answer = (req: IncomingRequest, res: OneWriteResponse) => {
    if (req.headers['x-more'] !== undefined) res.setHeader('x-more', 'set before')
    const text = answerText.of(parts)
    if (req.url === '/text' && text !== undefined && res.maySendText) {
      res.sendText(text)
      return
    }
    const headers = answerHeaders(parts.requestId, parts.servedBy, parts.planAgeMs)
    headers.push('content-type', 'application/json', 'content-length', String(BODY.length))
    res.writeHead(200, headers)
    res.end(req.method === 'HEAD' ? undefined : BODY)
  }
  const options = { IncomingMessage: IncomingRequest, ServerResponse: OneWriteResponse, keepAliveTimeout }
  const server = createServer(options, (req, res) => {
    if (req.method === 'POST') req.takeBody({ chunk: () => {}, end: () => answer(req, res) })
    else answer(req, res)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** Everything that comes back until so many answers have ended. The date may be that of the next second, so it is left out. */
async function exchange(port: number, requests: string, answers = 1): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' })
  closers.push(() => socket.destroy())
  let received = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    received += chunk
  })
  socket.write(requests)
  const hasAll = () => (received.match(ANSWERED) ?? []).length === answers && /(\}|\r\n\r\n)$/.test(received)
  await waitFor('all answers', hasAll)
  return received.replaceAll(/\r\nDate: [^\r]+/g, '\r\nDate: then')
}

const post = (path: string, version = '1.1', more = '') =>
  `POST ${path} HTTP/${version}\r\nhost: x\r\ncontent-length: 2\r\n${more}\r\n{}`

describe('an answer in one piece', () => {
  it.each([75_000, 1_500, 500, 0])(
    'is byte for byte what Node writes, with a keep-alive of %s ms',
    async (keepAliveTimeout) => {
      const port = await listen(keepAliveTimeout)
      const text = await exchange(port, post('/text'))
      expect(text).toBe(await exchange(port, post('/node')))
      expect(text.endsWith(`\r\n\r\n${BODY}`)).toBe(true)
    },
  )

  it('is what Node writes for a client of HTTP/1.0 that keeps its connection', async () => {
    const port = await listen(75_000)
    const keep = 'connection: keep-alive\r\n'
    expect(await exchange(port, post('/text', '1.0', keep))).toBe(
      await exchange(port, post('/node', '1.0', keep)),
    )
  })

  it('is left to Node where the connection ends, a header was set before, or the answer has no body', async () => {
    const port = await listen(75_000)
    expect(await exchange(port, post('/text', '1.1', 'connection: close\r\n'))).toContain('Connection: close')
    expect(await exchange(port, post('/text', '1.1', 'x-more: 1\r\n'))).toContain('x-more: set before')
    expect(await exchange(port, 'HEAD /text HTTP/1.1\r\nhost: x\r\n\r\n')).not.toContain(BODY)
  })

  it('keeps its place among pipelined ones, and the connection goes on', async () => {
    const port = await listen(75_000)
    const mixed = [post('/text'), post('/node'), post('/text'), post('/text'), post('/node')]
    const answers = await exchange(port, mixed.join(''), mixed.length)
    const one = await exchange(port, post('/text'))
    expect(answers).toBe(one.repeat(mixed.length))
  })
})

describe('a body that is taken', () => {
  it('comes whole, whatever its pieces, and the next request on the connection too', async () => {
    const port = await listen(75_000)
    const chunked =
      'POST /text HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n'
    const answers = await exchange(port, chunked + post('/text') + chunked, 3)
    expect(answers).toBe((await exchange(port, post('/node'))).repeat(3))
  })
})
