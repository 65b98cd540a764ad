import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { waitFor } from '@understudy/testing'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { readPlainHead } from '../src/http/plain/read-plain-head.ts'
import { RawClient } from './raw-client.ts'
import { type RestFixture, startRest } from './rest-fixture.ts'

/**
 * Plain requests are read without Node's parser. No client may be able to tell: the same bytes go to a node that does and to one that
 * leaves everything to Node.
 */
const PATH = '/v1/models/half:predict'
const BODY = '{"instances": [1.0]}'
const TENSOR = '{"inputs":[{"name":"x","datatype":"FP32","shape":[2],"data":[1,2.5]}]}'

const closers: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function started(options: Parameters<typeof startRest>[0] = {}): Promise<RestFixture> {
  const rest = await startRest(options)
  closers.push(() => rest[Symbol.asyncDispose]())
  return rest
}

function connected(rest: RestFixture): RawClient {
  const client = new RawClient(rest.port)
  closers.push(() => client.socket.destroy())
  return client
}

const request = (path: string, body: string, more = '', method = 'POST') => {
  const length = method === 'POST' ? `content-length: ${Buffer.byteLength(body)}\r\n` : ''
  return `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nunderstudy-request-id: r\r\n${length}${more}\r\n${body}`
}

interface Heard {
  /** Everything that came back, but for dates. */
  readonly text: string
  readonly isClosed: boolean
}

/** Sends pieces, each after the answer to the one before, and hears what comes back. */
async function heard(rest: RestFixture, pieces: readonly string[]): Promise<Heard> {
  const client = connected(rest)
  let text = ''
  let answers = 0
  client.socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  for (const piece of pieces) {
    client.send(Buffer.from(piece, 'latin1'))
    answers += 1
    await waitFor('an answer', () => client.closed || isAnswered(text, answers))
  }
  return { text: text.replaceAll(/\r\nDate: [^\r]+/gi, '\r\nDate: then'), isClosed: client.closed }
}

function isAnswered(text: string, answers: number): boolean {
  const parts = text.split(/HTTP\/1\.1 \d{3} /)
  if (parts.length <= answers) return false
  const last = parts.at(-1) ?? ''
  const end = last.indexOf('\r\n\r\n')
  const length = Number(/content-length: (\d+)/i.exec(last)?.[1] ?? Number.NaN)
  if (end === -1) return false
  return Number.isNaN(length)
    ? last.endsWith('0\r\n\r\n') || !/chunked/.test(last)
    : last.length >= end + 4 + length
}

const CONVERSATIONS: Readonly<Record<string, readonly string[]>> = {
  'a prediction': [request(PATH, BODY)],
  'an infer': [request('/v2/models/half/infer', TENSOR)],
  'a call of tRPC': [
    request('/trpc/predict', '{"model":"half","inputs":{"x":[1]}}', 'content-type: application/json\r\n'),
  ],
  'a call that tRPC refuses': [
    request('/trpc/predict', '{"model":"half","nothing":1}', 'content-type: application/json\r\n'),
    request(PATH, BODY),
  ],
  'a query of tRPC': [request('/trpc/models', '', '', 'GET'), request(PATH, BODY)],
  'a status, then a prediction': [request('/v1/models/half', '', '', 'GET'), request(PATH, BODY)],
  'an unknown model, then a known one': [request('/v1/models/no:predict', BODY), request(PATH, BODY)],
  'a path with nothing behind it': [request('/nothing', '{}'), request('/nothing', '', '', 'GET')],
  'a broken body': [request(PATH, '{"instances":'), request(PATH, BODY)],
  'an empty body': [request(PATH, ''), request(PATH, BODY)],
  'a wrong method': [request('/v2/models/half/infer', '', '', 'GET'), request(PATH, BODY)],
  'an end of the connection': [request(PATH, BODY, 'connection: close\r\n')],
  'a body that is not plain, then a plain one': [
    `POST ${PATH} HTTP/1.1\r\nhost: a\r\nunderstudy-request-id: r\r\ntransfer-encoding: chunked\r\n\r\n14\r\n${BODY}\r\n0\r\n\r\n`,
    request(PATH, BODY),
  ],
  'a plain body, then one that is not, then a plain one': [
    request(PATH, BODY),
    `POST ${PATH} HTTP/1.1\r\nhost: a\r\nunderstudy-request-id: r\r\ntransfer-encoding: chunked\r\n\r\n14\r\n${BODY}\r\n0\r\n\r\n`,
    request(PATH, BODY),
  ],
  'a body larger than what is read plainly': [
    request(PATH, `{"instances": [${'1.0,'.repeat(30_000)}1.0]}`),
    request(PATH, BODY),
  ],
  'a compressed answer': [request('/v2/models/half/infer', TENSOR, 'accept-encoding: gzip\r\n')],
  'a version that is pinned wrongly': [request(PATH, BODY, 'understudy-version: x\r\n')],
  'a head that is read in two ways': [
    `POST ${PATH} HTTP/1.1\r\nhost: a\r\ncontent-length: 20\r\ncontent-length: 21\r\n\r\n${BODY}`,
  ],
  'chunks under a length': [
    `POST ${PATH} HTTP/1.1\r\nhost: a\r\ncontent-length: 20\r\ntransfer-encoding: chunked\r\n\r\n${BODY}`,
  ],
  'no host': [`POST ${PATH} HTTP/1.1\r\ncontent-length: 20\r\n\r\n${BODY}`],
  'no HTTP': ['hello\r\n\r\n'],
}

describe('plain requests', () => {
  it.each(Object.entries(CONVERSATIONS))(
    'are answered byte for byte as by way of Node: %s',
    async (_what, pieces) => {
      const [plain, node] = await Promise.all([started(), started({ readsPlain: false })])
      const [ours, theirs] = await Promise.all([heard(plain, pieces), heard(node, pieces)])
      expect(ours).toEqual(theirs)
      expect(ours.text).toContain('HTTP/1.1 ')
    },
  )

  it('are answered in their order when they come in one piece, with one that is not plain between', async () => {
    const rest = await started()
    const client = connected(rest)
    const ids = ['a', 'b', 'c', 'd', 'e']
    const one = (id: string) =>
      `POST ${PATH} HTTP/1.1\r\nhost: x\r\nunderstudy-request-id: ${id}\r\n${id === 'c' ? 'expect: 100-continue\r\n' : ''}content-length: 20\r\n\r\n${BODY}`
    client.send(ids.map(one).join(''))
    const order: (string | undefined)[] = []
    while (order.length < ids.length) {
      const { status, headers } = await client.answer()
      if (status !== 100) order.push(headers['understudy-request-id'])
    }
    expect(order).toEqual(ids)
  })

  it('may come byte by byte', async () => {
    const rest = await started()
    const client = connected(rest)
    client.socket.setNoDelay(true)
    for (const byte of request(PATH, BODY)) {
      client.send(byte)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect((await client.answer()).status).toBe(200)
  })

  it('run nothing when the client ends before their body is whole', async () => {
    const rest = await started()
    const client = connected(rest)
    client.send(request(PATH, BODY).slice(0, -1))
    client.socket.end()
    expect((await client.answer()).status).toBe(400)
    await waitFor('the end of the connection', () => client.closed)
    expect(rest.predictor.requests).toEqual([])
  })

  it('lose nothing when the node drains before their body is whole: Node reads on', async () => {
    const rest = await started()
    const [whole, half] = [connected(rest), connected(rest)]
    whole.send(request(PATH, BODY))
    expect((await whole.answer()).status).toBe(200)
    half.send(request(PATH, BODY).slice(0, -1))
    await waitFor('the bytes to be on their way', () => half.socket.writableLength === 0)
    const closed = rest.server.close({ deadlineMs: 5_000 })
    await waitFor('idle connections to be closed', () => whole.closed)
    half.send(BODY.slice(-1))
    expect(await half.answer()).toMatchObject({ status: 200, headers: { connection: 'close' } })
    expect(await closed).toEqual({ cutRequests: 0 })
  })

  it('are waited for no longer than the limits say', async () => {
    const rest = await started({ limits: { headersTimeoutMs: 200, keepAliveTimeoutMs: 100 } })
    const silent = connected(rest)
    const idle = connected(rest)
    idle.send(request(PATH, BODY))
    expect((await idle.answer()).status).toBe(200)
    expect((await silent.answer()).status).toBe(408)
    await waitFor('both to be closed', () => silent.closed && idle.closed)
  })

  it('leave a slow reader alone with its answers: no more is read until it has taken them', async () => {
    const rest = await started()
    const client = connected(rest)
    client.socket.pause()
    const large = request(PATH, `{"instances": [${'1.0,'.repeat(12_000)}1.0]}`)
    const sent = 400
    for (let index = 0; index < sent; index += 1) client.send(large)
    await waitFor('the node to stop reading', async () => {
      const before = rest.predictor.requests.length
      for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      return before > 0 && rest.predictor.requests.length === before
    })
    expect(rest.predictor.requests.length).toBeLessThan(sent)
    client.socket.resume()
    for (let index = 0; index < sent; index += 1) expect((await client.answer()).status).toBe(200)
  })

  it('are answered whole by a node that drains, however slowly their client takes the answers', async () => {
    const rest = await started()
    const client = connected(rest)
    client.socket.pause()
    const large = request(PATH, `{"instances": [${'1.0,'.repeat(12_000)}1.0]}`)
    for (let index = 0; index < 400; index += 1) client.send(large)
    await waitFor('the node to stop reading', async () => {
      const before = rest.predictor.requests.length
      for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      return before > 0 && rest.predictor.requests.length === before
    })
    const begun = rest.predictor.requests.length
    const closed = rest.server.close({ deadlineMs: 20_000 })
    client.socket.resume()
    let answers = 0
    for (let isLast = false; !isLast; answers += 1) {
      const { status, headers } = await client.answer()
      expect(status).toBe(200)
      isLast = headers.connection === 'close'
    }
    expect(answers).toBeGreaterThanOrEqual(begun)
    expect(await closed).toEqual({ cutRequests: 0 })
  })
})

describe('what is read plainly', () => {
  const NAME = fc.constantFrom(
    'Host',
    'host',
    'Content-Length',
    'X-A',
    'x-b',
    'cookie',
    'Accept',
    "a!#$%&'*+.^_`|~9",
    'Set-Cookie',
    'Connection',
    'Transfer-Encoding',
    'te',
    'upgrade',
    'keep-alive',
    'range',
    '__proto__',
    'referer',
    'x-c ',
    'ü',
  )
  const VALUE = fc.oneof(
    fc.constantFrom(
      '0',
      '3',
      '5',
      ' 3 ',
      '+3',
      '3,3',
      'a',
      '',
      ' ',
      '\t',
      'keep-alive',
      'Keep-Alive ',
      'close',
      'chunked',
      'h2c',
      '\x7f',
      '\x01',
      '\xe9',
      'a\tb',
    ),
    fc.string({ maxLength: 12 }),
  )
  const LINE = fc.tuple(
    NAME,
    fc.constantFrom(':', ': ', ' :', ':\t '),
    VALUE,
    fc.constantFrom('\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '\r\n '),
  )
  const FIRST = fc.constantFrom(
    'POST /a HTTP/1.1',
    'POST /a?b=%20&c=%zz HTTP/1.1',
    'GET /a HTTP/1.1',
    'POST //a HTTP/1.1',
    'POST /a;b@c:$(1) HTTP/1.1',
    'POST /a HTTP/1.0',
    'POST /\x7f HTTP/1.1',
    'POST /[a] HTTP/1.1',
  )
  const HEAD = fc.tuple(FIRST, fc.array(LINE, { maxLength: 5 })).map(([first, lines]) => {
    const usual = first.startsWith('POST') ? 'host: a\r\ncontent-length: 3\r\n' : 'host: a\r\n'
    return [`${first}\r\n`, usual, ...lines.map((line) => line.join('')), '\r\n'].join('')
  })

  it('is what Node reads in the same bytes: method, target, headers, body, and where the next request begins', async () => {
    const seen: unknown[] = []
    const server = createServer((req, res) => {
      const chunks: Buffer[] = []
      req.on('data', (chunk: Buffer) => chunks.push(chunk))
      req.on('end', () => {
        seen.push({
          method: req.method,
          url: req.url,
          headers: { ...req.headers },
          body: Buffer.concat(chunks).toString(),
        })
        res.end()
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    closers.push(() => {
      server.closeAllConnections()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    let read = 0
    await fc.assert(
      fc.asyncProperty(HEAD, async (text) => {
        const bytes = Buffer.from(text, 'latin1')
        const head = readPlainHead(bytes)
        if (head === undefined) return
        read += 1
        seen.length = 0
        const body = 'abc'.slice(0, head.bodyBytes).padEnd(head.bodyBytes, 'd')
        const client = new RawClient(port)
        try {
          client.send(
            Buffer.concat([
              bytes.subarray(0, head.headBytes),
              Buffer.from(body),
              Buffer.from('GET /next HTTP/1.1\r\nhost: a\r\n\r\n'),
            ]),
          )
          await waitFor('both requests', () => seen.length === 2 || client.closed)
        } finally {
          client.socket.destroy()
        }
        const { method, url, headers } = head
        expect(seen[0]).toEqual({ method, url, headers: { ...headers }, body })
        expect(seen[1]).toMatchObject({ url: '/next' })
      }),
      { numRuns: 1_500 },
    )
    expect(read).toBeGreaterThan(100)
  })
})
