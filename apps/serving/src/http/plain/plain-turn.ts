import type { IncomingHttpHeaders } from 'node:http'
import type { BodySink, IncomingRequest } from '../incoming-request.ts'
import type { OneWriteResponse } from '../one-write-response.ts'
import type { RequestSide, Wire } from '../wire.ts'
import type { PlainHead } from './read-plain-head.ts'

/** What a turn needs of its connection. */
export interface TurnHost {
  readonly isClosed: boolean
  /** The whole answer, as text. */
  answer(text: string): void
  /** Node's response to the request, on the same socket; the turn ends when it has. */
  respond(turn: PlainTurn): OneWriteResponse
  /** Lets Node read the request again, and everything behind it, in place of a response of which nothing was sent. */
  readAgain(begun: OneWriteResponse | undefined): void
}

/** One plain request and the way back to its client: a turn of its connection, which has one at a time. */
export class PlainTurn implements RequestSide, Wire {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly wholeBody: Buffer
  readonly #host: TurnHost
  #response: OneWriteResponse | undefined
  #isOver = false

  constructor(host: TurnHost, { method, url, headers }: PlainHead, body: Buffer) {
    this.#host = host
    this.method = method
    this.url = url
    this.headers = headers
    this.wholeBody = body
  }

  takeBody(sink: BodySink): void {
    if (this.wholeBody.length > 0) sink.chunk(this.wholeBody)
    sink.end()
  }

  get maySendText(): boolean {
    return !this.#isOver && this.#response === undefined
  }

  get isAnswered(): boolean {
    if (this.#isOver || this.#host.isClosed) return true
    return this.#response !== undefined && (this.#response.headersSent || this.#response.destroyed)
  }

  nodeResponse(): OneWriteResponse {
    this.#response ??= this.#host.respond(this)
    return this.#response
  }

  sendText(text: string): void {
    this.#isOver = true
    this.#host.answer(text)
  }

  takeNodeRequest(): IncomingRequest | undefined {
    this.#isOver = true
    this.#host.readAgain(this.#response)
    return undefined
  }
}
