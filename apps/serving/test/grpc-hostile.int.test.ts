import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants,
} from 'node:http2'
import { connect, type Socket } from 'node:net'
import { waitFor } from '@understudy/testing'
import { describe, expect, it } from 'vitest'
import { type GrpcFixture, halfInput, startGrpc } from './grpc-fixture.ts'

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const PATH = '/inference.GRPCInferenceService/ModelInfer'

function rawCall(session: ClientHttp2Session, headers: Record<string, string> = {}): ClientHttp2Stream {
  const stream = session.request({
    ...{ ':method': 'POST', ':path': PATH, 'content-type': 'application/grpc', te: 'trailers' },
    ...headers,
  })
  return stream.on('error', () => {})
}

/** Unlike `once`, whatever error comes before it. */
function closeOf(stream: ClientHttp2Stream): Promise<void> {
  return new Promise((resolve) => stream.once('close', () => resolve()))
}

function session({ port }: GrpcFixture): ClientHttp2Session {
  return connectHttp2(`http://127.0.0.1:${port}`).on('error', () => {})
}

/** Other clients notice nothing: the proof is an answer. */
async function stillAnswers(grpc: GrpcFixture): Promise<void> {
  const { message } = await grpc.client.infer(halfInput([2]))
  expect(message.modelName).toBe('half')
}

async function rawSocket({ port }: GrpcFixture): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  await once(socket, 'connect')
  return socket.resume()
}

describe('other clients are answered beside one that', () => {
  it('opens and resets streams without end', async () => {
    await using grpc = await startGrpc()
    const hostile = session(grpc)
    await once(hostile, 'connect')
    for (let round = 0; round < 20; round += 1) {
      for (let index = 0; index < 100 && !hostile.destroyed; index += 1) {
        rawCall(hostile).close(constants.NGHTTP2_CANCEL)
      }
      await stillAnswers(grpc)
    }
    hostile.destroy()
  })

  it('opens more streams than it may and never sends their messages', async () => {
    await using grpc = await startGrpc({ limits: { maxStreamsPerConnection: 10 } })
    const hostile = session(grpc)
    await once(hostile, 'connect')
    for (let index = 0; index < 500; index += 1) rawCall(hostile).write(Buffer.from([0, 0, 0, 1, 0]))
    await stillAnswers(grpc)
    expect(grpc.predictor.requests).toHaveLength(1)
    hostile.destroy()
  })

  it('announces a message over the limit', async () => {
    await using grpc = await startGrpc({ limits: { maxMessageBytes: 1_000 } })
    const hostile = session(grpc)
    const stream = rawCall(hostile)
    const answered = once(stream, 'response')
    stream.write(Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3]))
    const [headers] = await answered
    expect(headers['grpc-status']).toBe('8')
    await stillAnswers(grpc)
    hostile.destroy()
  })

  it.each([
    ['a compressed message that is no gzip', { 'grpc-encoding': 'gzip' }, [1, 0, 0, 0, 3, 1, 2, 3], '13'],
    ['an encoding that nobody knows', { 'grpc-encoding': 'made-up' }, [1, 0, 0, 0, 3, 1, 2, 3], '12'],
    ['no message', {}, [], '12'],
    ['a timeout that is none', { 'grpc-timeout': 'soon' }, [0, 0, 0, 0, 0], '13'],
  ])('sends %s', async (_what, headers, bytes, expected) => {
    await using grpc = await startGrpc()
    const hostile = session(grpc)
    const stream = rawCall(hostile, headers as Record<string, string>)
    const answered = once(stream, 'response')
    stream.end(Buffer.from(bytes))
    const [answer] = await answered
    expect(answer['grpc-status']).toBe(expected)
    await stillAnswers(grpc)
    hostile.destroy()
  })

  it('sends another content type', async () => {
    await using grpc = await startGrpc()
    const hostile = session(grpc)
    const stream = rawCall(hostile, { 'content-type': 'text/html' })
    const [headers] = await once(stream, 'response')
    expect(headers[':status']).toBe(415)
    await stillAnswers(grpc)
    hostile.destroy()
  })

  it('sends bytes that are no HTTP/2', async () => {
    await using grpc = await startGrpc()
    for (const bytes of [
      'GET / HTTP/1.1\r\nhost: x\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n',
      '\0'.repeat(100),
    ]) {
      const socket = await rawSocket(grpc)
      const closed = once(socket, 'close')
      socket.end(bytes)
      await closed
    }
    await stillAnswers(grpc)
  })

  it.each([
    ['nothing', ''],
    ['a preface without settings', PREFACE],
    ['settings that are longer than a frame may be', `${PREFACE}\x7f\0\0\x04\0\0\0\0\0`],
  ])('begins a connection with %s: it ends when the time for settings is over', async (_what, bytes) => {
    await using grpc = await startGrpc({ limits: { handshakeTimeoutMs: 300 } })
    const socket = await rawSocket(grpc)
    const closed = once(socket, 'close')
    socket.write(bytes, 'latin1')
    await closed
    await stillAnswers(grpc)
  })

  it('keeps a connection whose settings came in time', async () => {
    await using grpc = await startGrpc({ limits: { handshakeTimeoutMs: 300 } })
    const patient = session(grpc)
    await once(patient, 'remoteSettings')
    const late = await rawSocket(grpc)
    // It is closed by the limit, after the other one's time is over.
    await once(late, 'close')
    const pinged = new Promise((resolve) => patient.ping((error) => resolve(error)))
    expect(await pinged).toBeNull()
    patient.destroy()
  })

  it('floods with pings, settings and empty frames', async () => {
    await using grpc = await startGrpc()
    const socket = await rawSocket(grpc)
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    const frame = (type: number, payload: readonly number[]) =>
      Buffer.from([0, 0, payload.length, type, 0, 0, 0, 0, 0, ...payload])
    const settings = frame(4, [])
    const ping = frame(6, [1, 2, 3, 4, 5, 6, 7, 8])
    for (let round = 0; round < 20; round += 1) {
      socket.write(Buffer.concat(Array.from({ length: 200 }, () => [settings, ping]).flat()))
      await stillAnswers(grpc)
    }
    socket.destroy()
  })

  it('goes away in the middle of a message', async () => {
    await using grpc = await startGrpc()
    const hostile = session(grpc)
    const stream = rawCall(hostile)
    stream.write(Buffer.from([0, 0, 0, 1, 0, 1, 2, 3]))
    await once(hostile, 'remoteSettings')
    hostile.destroy()
    await stillAnswers(grpc)
    expect(await grpc.server.close({ deadlineMs: 20_000 })).toEqual({ cutRequests: 0 })
  })
})

describe('a message that is never finished', () => {
  const begun = Buffer.concat([Buffer.from([0, 0, 0x20, 0, 0]), Buffer.alloc(200_000)])

  it('is given up when all that are begun take more memory than they may', async () => {
    await using grpc = await startGrpc({ limits: { maxBufferedBytes: 500_000 } })
    const hostile = session(grpc)
    const streams = [1, 2, 3].map(() => rawCall(hostile))
    const closed = streams.map(closeOf)
    for (const stream of streams) stream.write(begun)
    await Promise.race(closed)
    const [given] = streams.filter((stream) => stream.closed)
    expect(given?.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM)
    await stillAnswers(grpc)
    hostile.destroy()
    // All of it is given back: what takes most of the memory is answered again.
    const large = halfInput(Array.from({ length: 100_000 }, () => 2))
    await waitFor('room', () =>
      grpc.client.infer(large).then(
        () => true,
        () => false,
      ),
    )
  })

  it('is given up after its time', async () => {
    await using grpc = await startGrpc({ limits: { messageTimeoutMs: 50 } })
    const hostile = session(grpc)
    const stream = rawCall(hostile)
    const closed = closeOf(stream)
    stream.write(begun)
    await closed
    expect(stream.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM)
    await stillAnswers(grpc)
    hostile.destroy()
  })
})

it('takes no more connections than it may', async () => {
  await using grpc = await startGrpc({ limits: { maxConnections: 3 } })
  await stillAnswers(grpc)
  const sockets = await Promise.all([1, 2, 3, 4].map(() => rawSocket(grpc)))
  await waitFor('what is too much to be closed', () => sockets.filter((one) => one.closed).length >= 2)
  await stillAnswers(grpc)
  for (const socket of sockets) socket.destroy()
})
