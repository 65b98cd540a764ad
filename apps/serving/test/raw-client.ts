import { connect, type Socket } from 'node:net'
import { waitFor } from '@understudy/testing'

export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The same, undecoded. */
  readonly bytes: Uint8Array
}

/** A bare TCP client: sends bytes as told and takes answers apart. */
export class RawClient {
  readonly socket: Socket
  closed = false
  #received = Buffer.alloc(0)

  constructor(port: number) {
    this.socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    this.socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
    })
    this.socket.on('close', () => {
      this.closed = true
    })
    this.socket.on('end', () => {
      this.closed = true
    })
    this.socket.on('error', () => undefined)
  }

  send(text: string | Uint8Array): void {
    this.socket.write(text)
  }

  post(path: string, body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): void {
    const lines = Object.entries({
      host: '127.0.0.1',
      'content-length': String(Buffer.byteLength(body)),
      ...headers,
    })
    this.send(
      `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    )
    this.send(body)
  }

  /** The next complete answer on the connection. */
  answer(): Promise<RawAnswer> {
    return waitFor('an answer on the socket', () => this.#take())
  }

  #take(): RawAnswer | undefined {
    const end = this.#received.indexOf('\r\n\r\n')
    if (end === -1) return undefined
    const [first = '', ...lines] = this.#received.subarray(0, end).toString('latin1').split('\r\n')
    const headers = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    )
    const size = Number(headers['content-length'] ?? 0)
    if (this.#received.length < end + 4 + size) return undefined
    const bytes = this.#received.subarray(end + 4, end + 4 + size)
    this.#received = this.#received.subarray(end + 4 + size)
    return { status: Number(first.split(' ')[1]), headers, body: bytes.toString('utf8'), bytes }
  }
}
