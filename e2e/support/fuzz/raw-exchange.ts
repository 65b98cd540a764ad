import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const ENDED_WITHIN_MS = 15_000
const FLOOD_MAX_MS = 5_000

/**
 * Sends bytes on a connection of their own, closes our half, and gives what came back until the other side closed its half too.
 * @throws when it does not: the request hangs
 */
export async function rawExchange(port: number, bytes: Uint8Array): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  const received: Buffer[] = []
  socket.on('data', (chunk: Buffer) => received.push(chunk))
  // A server that has heard enough resets: that is an end as well.
  socket.on('error', () => undefined)
  const ended = Promise.race([once(socket, 'end'), once(socket, 'close')])
  const timer = setTimeout(() => socket.destroy(new Error('too slow')), ENDED_WITHIN_MS)
  let isLate = false
  timer.unref()
  socket.on('error', (error) => {
    isLate = error.message === 'too slow'
  })
  socket.end(bytes)
  await ended.catch(() => undefined)
  clearTimeout(timer)
  socket.destroy()
  if (isLate)
    throw new Error(
      `no end after ${ENDED_WITHIN_MS} ms for ${JSON.stringify(Buffer.from(bytes).toString('latin1'))}`,
    )
  return Buffer.concat(received).toString('latin1')
}

/** Sends more than anybody reads, until all is sent or the other side has ended it. The connection stays open: whoever asked closes it. */
export async function flood(port: number, bytes: Uint8Array): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  socket.on('error', () => undefined).resume()
  let timer: NodeJS.Timeout | undefined
  // A server may stop to read, and wait for its own keepalive before it closes.
  const enough = new Promise((resolve) => {
    timer = setTimeout(resolve, FLOOD_MAX_MS)
  })
  socket.end(bytes)
  await Promise.race([enough, ...['finish', 'end', 'close'].map((event) => once(socket, event))]).catch(
    () => undefined,
  )
  clearTimeout(timer)
  return socket
}

/** The statuses of the answers that came back, in their order. */
export function statusesIn(answers: string): readonly number[] {
  return [...answers.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status))
}

/** A request as bytes; the length of its body is told unless a header says otherwise. */
export function request(
  head: string,
  body: string | Uint8Array = '',
  headers: readonly string[] = [`content-length: ${Buffer.byteLength(body)}`],
): Buffer {
  return Buffer.concat([
    Buffer.from(
      `${head} HTTP/1.1\r\nhost: 127.0.0.1\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`,
      'latin1',
    ),
    Buffer.from(body),
  ])
}
