import { ServerResponse } from 'node:http'
import type { IncomingRequest } from './incoming-request.ts'

/** The head of an answer, where Node keeps it until it is sent. */
interface StoredHead {
  _header: string
}

/**
 * A response that can leave in one piece. `writeHead` and `end` make two pieces of it, check every header again, and hand the pieces to
 * the kernel as a list, which costs as much as everything else that is done for a small request.
 *
 * Everything but the making of the text is left to Node: order of pipelined answers, keep-alive, events. That `end` sends a stored head
 * as it is, and nothing after it, is known from its source only, so a test compares both ways byte for byte.
 */
export class OneWriteResponse extends ServerResponse<IncomingRequest> {
  /**
   * Sends head and body. The head must be what Node would have written, and the body must be ASCII.
   *
   * Only where {@link maySendText} says so.
   */
  sendText(text: string): void {
    ;(this as unknown as StoredHead)._header = text
    this.end()
  }

  /** The connection stays open, the answer has a body, and nobody has set a header: what else a head may need is Node's to write. */
  get maySendText(): boolean {
    if (!this.shouldKeepAlive || this.headersSent || this.req.method === 'HEAD') return false
    return this.getHeaderNames().length === 0
  }
}
