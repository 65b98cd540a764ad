import type { IncomingHttpHeaders } from 'node:http'
import type { BodySink, IncomingRequest } from './incoming-request.ts'
import type { OneWriteResponse } from './one-write-response.ts'

/** A request as handlers see it, whoever has read it. */
export interface RequestSide {
  readonly method?: string | undefined
  /** With the query. */
  readonly url?: string | undefined
  readonly headers: IncomingHttpHeaders
  /** The body, where all of it is there. */
  readonly wholeBody?: Buffer
  /** From now on the body goes to the sink, at once where all of it is there. Called once at most. */
  takeBody(sink: BodySink): void
}

/** The way back to a client, whoever has read its request. */
export interface Wire {
  /** {@link sendText} may be used: the connection stays open, and nobody has asked for anything else. */
  readonly maySendText: boolean
  /** The head has been written, or there is nobody to write to. */
  readonly isAnswered: boolean
  /** Node's response, for every answer that is not one text. */
  nodeResponse(): OneWriteResponse
  /** Sends head and body of an answer. The head must be what Node would have written, and each character is a byte. */
  sendText(text: string): void
  /**
   * Node's request, for those who can do with nothing less; undefined when Node is about to read the same request again and hand it over:
   * whoever asks has nothing left to do, and must have done nothing yet.
   */
  takeNodeRequest(): IncomingRequest | undefined
}

/** The wire of a request that Node's parser has read. */
export class NodeWire implements Wire {
  readonly #response: OneWriteResponse

  constructor(response: OneWriteResponse) {
    this.#response = response
  }

  get maySendText(): boolean {
    return this.#response.maySendText
  }

  get isAnswered(): boolean {
    return this.#response.headersSent || this.#response.destroyed
  }

  nodeResponse(): OneWriteResponse {
    return this.#response
  }

  sendText(text: string): void {
    this.#response.sendText(text)
  }

  takeNodeRequest(): IncomingRequest {
    return this.#response.req
  }
}
