import { connect, type Socket } from 'node:net'
import { type Answer, ResponseReader } from './response-reader.ts'

/** Status 0: the connection ended before an answer. */
const NO_ANSWER: Answer = { status: 0, version: 0 }

/** One keep-alive connection to a server on this machine, for one request at a time. */
export class HttpConnection {
  readonly #socket: Socket
  readonly #reader: ResponseReader
  #settle: ((answer: Answer) => void) | undefined
  #isOpen = true

  constructor(port: number, trustLengths: boolean) {
    this.#reader = new ResponseReader(trustLengths)
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('data', (chunk: Buffer) => {
      const answer = this.#reader.push(chunk)
      if (answer !== undefined) this.#end(answer)
    })
    this.#socket.on('error', () => undefined)
    // A server that says goodbye takes no further request.
    this.#socket.on('end', () => {
      this.#isOpen = false
    })
    this.#socket.on('close', () => {
      this.#isOpen = false
      this.#end(NO_ANSWER)
    })
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Sends prepared bytes; `settle` is called once, in every case. */
  send(request: Uint8Array, settle: (answer: Answer) => void): void {
    if (!this.#isOpen) {
      settle(NO_ANSWER)
      return
    }
    this.#settle = settle
    this.#socket.write(request)
  }

  close(): void {
    this.#socket.destroy()
  }

  #end(answer: Answer): void {
    const settle = this.#settle
    this.#settle = undefined
    settle?.(answer)
  }
}
