import { once } from 'node:events'
import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2'
import { Server, status } from '@grpc/grpc-js'
import { PlatformError } from '@understudy/core'
import { ModelInferRequest } from '@understudy/protocols/generated/grpc_service'
import { describe, expect, it } from 'vitest'
import { takeStreams } from '../src/grpc/direct/take-streams.ts'
import { failureOf, floatsOf, type GrpcFixture, halfInput, inferRequest, startGrpc } from './grpc-fixture.ts'

const PATH = '/inference.GRPCInferenceService/ModelInfer'
const HEADERS = { ':method': 'POST', ':path': PATH, 'content-type': 'application/grpc', te: 'trailers' }
/** A call that says how its messages may be compressed is answered by the library, also when they are not. */
const BY_THE_LIBRARY = { 'grpc-encoding': 'gzip' }

interface RawAnswer {
  readonly headers: IncomingHttpHeaders
  readonly trailers: IncomingHttpHeaders
  readonly body: Buffer
  readonly rstCode: number | undefined
}

class RawClient implements Disposable {
  readonly #session: ClientHttp2Session

  constructor({ port }: GrpcFixture) {
    this.#session = connect(`http://127.0.0.1:${port}`).on('error', () => {})
  }

  /** Writes the pieces one by one; a call that is not ended leaves its stream open. */
  async call(
    pieces: readonly Buffer[],
    { headers = {}, isEnded = true }: { headers?: Record<string, string>; isEnded?: boolean } = {},
  ): Promise<RawAnswer> {
    const stream = this.#session.request({ ...HEADERS, ...headers }).on('error', () => {})
    const chunks: Buffer[] = []
    let trailers: IncomingHttpHeaders = {}
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('trailers', (given) => {
      trailers = given
    })
    const closed = new Promise((resolve) => stream.once('close', resolve))
    const answered = once(stream, 'response')
    for (const piece of pieces) await new Promise<void>((resolve) => stream.write(piece, () => resolve()))
    if (isEnded) stream.end()
    const [answer] = await answered
    await closed
    return { headers: answer, trailers, body: Buffer.concat(chunks), rstCode: stream.rstCode }
  }

  [Symbol.dispose](): void {
    this.#session.destroy()
  }
}

function framed(message: Uint8Array, flag = 0): Buffer {
  const prefix = Buffer.from([flag, 0, 0, 0, 0])
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

function inferMessage(given: Partial<ModelInferRequest>): Buffer {
  return framed(ModelInferRequest.encode(inferRequest(given)).finish())
}

function withoutTime({ date, 'grpc-encoding': encoding, ...headers }: IncomingHttpHeaders) {
  return headers
}

it('finds in the library the place where streams come in', () => {
  expect(takeStreams(new Server(), () => false)).toBe(true)
})

describe('a prediction is answered as the library answers it', () => {
  it.each([
    ['with its outputs', inferMessage(halfInput([2, 4]))],
    ['with a version that is not there', inferMessage({ ...halfInput([2]), modelVersion: '9' })],
    ['with a model that is not there', inferMessage({ ...halfInput([2]), modelName: 'none' })],
    ['with bytes that are no message', framed(Buffer.from([0xff, 0xff]))],
  ])('%s', async (_what, message) => {
    await using grpc = await startGrpc()
    using client = new RawClient(grpc)
    const headers = { 'understudy-request-id': 'same' }
    const own = await client.call([message], { headers })
    const library = await client.call([message], { headers: { ...headers, ...BY_THE_LIBRARY } })
    expect(withoutTime(own.headers)).toEqual(withoutTime(library.headers))
    expect(own.trailers['grpc-status']).toBe(library.trailers['grpc-status'])
    expect(own.trailers['grpc-message'] ?? 'OK').toBe(library.trailers['grpc-message'])
    expect(own.body).toEqual(library.body)
  })
})

describe('a message', () => {
  it('is read in whatever pieces it comes', async () => {
    await using grpc = await startGrpc()
    using client = new RawClient(grpc)
    const message = inferMessage(halfInput([2]))
    const whole = await client.call([message])
    const pieces = Array.from(message, (byte) => Buffer.from([byte]))
    expect((await client.call(pieces)).body).toEqual(whole.body)
    expect(whole.trailers['grpc-status']).toBe('0')
  })

  it.each([
    ['a second one', [inferMessage(halfInput([2])), inferMessage(halfInput([2]))], '12'],
    ['half of one', [inferMessage(halfInput([2])).subarray(0, 12)], '12'],
    ['one that is compressed, and it is not said how', [framed(Buffer.from([1]), 1)], '13'],
  ])('is refused when it is %s', async (_what, pieces, expected) => {
    await using grpc = await startGrpc()
    using client = new RawClient(grpc)
    expect((await client.call(pieces)).headers['grpc-status']).toBe(expected)
    expect(grpc.predictor.requests).toHaveLength(0)
  })

  it('that is refused ends its call, whatever the client still wants to send', async () => {
    await using grpc = await startGrpc({ limits: { maxMessageBytes: 1_000 } })
    using client = new RawClient(grpc)
    const { headers, rstCode } = await client.call([framed(Buffer.alloc(2_000))], { isEnded: false })
    expect(headers['grpc-status']).toBe('8')
    expect(rstCode).toBe(constants.NGHTTP2_NO_ERROR)
    expect(await grpc.server.close({ deadlineMs: 20_000 })).toEqual({ cutRequests: 0 })
  })

  it('and its answer may be large', async () => {
    await using grpc = await startGrpc()
    const values = Array.from({ length: 100_000 }, (_, index) => index)
    const { message } = await grpc.client.infer(halfInput(values))
    expect(floatsOf(message.rawOutputContents[0])).toEqual(values.map((value) => value / 2 + 2))
  })
})

it('a stranger with a large message learns why it is refused', async () => {
  const access = {
    check: () => {
      throw new PlatformError('request.unauthenticated', 'Send a valid API key.')
    },
  }
  await using grpc = await startGrpc({ access })
  const large = halfInput(Array.from({ length: 500_000 }, () => 1))
  const calls = Array.from({ length: 8 }, () => failureOf(grpc.client.infer(large)))
  for (const { code } of await Promise.all(calls)) expect(code).toBe(status.UNAUTHENTICATED)
})

it('a stranger is refused before the message is there, and what comes of it is not read', async () => {
  const access = {
    check: () => {
      throw new PlatformError('request.unauthenticated', 'Send a valid API key.')
    },
  }
  await using grpc = await startGrpc({ access, limits: { maxBufferedBytes: 1 } })
  using client = new RawClient(grpc)
  const begun = inferMessage(halfInput([2])).subarray(0, 12)
  const { trailers, rstCode } = await client.call([begun], { isEnded: false })
  expect(trailers['grpc-status']).toBe('16')
  expect(rstCode).toBe(constants.NGHTTP2_NO_ERROR)
  expect(await grpc.server.close({ deadlineMs: 20_000 })).toEqual({ cutRequests: 0 })
})

it.each([
  ['a prediction', PATH, {}],
  ['a prediction that the library answers', PATH, BY_THE_LIBRARY],
  ['another call', '/inference.GRPCInferenceService/ServerMetadata', {}],
])('%s with a timeout of thousands of years is answered', async (_what, path, headers) => {
  await using grpc = await startGrpc()
  using client = new RawClient(grpc)
  const timeout = { ':path': path, 'grpc-timeout': '99999999H', ...headers }
  const message = path === PATH ? inferMessage(halfInput([2])) : framed(Buffer.alloc(0))
  expect((await client.call([message], { headers: timeout })).trailers['grpc-status']).toBe('0')
})

it('a prediction whose time is over is not begun', async () => {
  await using grpc = await startGrpc()
  using client = new RawClient(grpc)
  const message = inferMessage(halfInput([2]))
  const { headers } = await client.call([message], { headers: { 'grpc-timeout': '0m' } })
  expect(headers['grpc-status']).toBe('4')
  await client.call([message], { headers: { 'grpc-timeout': '1H' } })
  expect(grpc.predictor.requests).toHaveLength(1)
  expect(grpc.predictor.requests[0]?.timeoutMs).toBeGreaterThan(3_000_000)
})
