import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2'

/** As grpc-js sends them. */
const CONTENT_TYPE = 'application/grpc+proto'
const ENCODINGS = 'identity,deflate,gzip'

const WITH_TRAILERS = { waitForTrailers: true, sendDate: false }
const OK: OutgoingHttpHeaders = { 'grpc-status': '0' }
const PREFIX_BYTES = 5
/** From here on a copy costs more than a second frame. */
const COPIED_BYTES_MAX = 65_536

export interface GrpcFailure {
  readonly code: number
  readonly text: string
}

/** Initial metadata. {@link endStream} must follow. */
export function respondWith(stream: ServerHttp2Stream, headers: OutgoingHttpHeaders): void {
  headers[':status'] = 200
  headers['content-type'] = CONTENT_TYPE
  headers['grpc-accept-encoding'] = ENCODINGS
  stream.respond(headers, WITH_TRAILERS)
}

/** The message of an answer with the status that all is well; or the status of a failure, without a message. */
export function endStream(stream: ServerHttp2Stream, answer: Uint8Array | GrpcFailure): void {
  if (!(answer instanceof Uint8Array)) {
    stream.on('wantTrailers', () => {
      stream.sendTrailers(statusOf(answer))
      dismiss(stream)
    })
    stream.end()
    return
  }
  stream.on('wantTrailers', sendOk)
  if (answer.length > COPIED_BYTES_MAX) {
    stream.write(prefixed(answer, PREFIX_BYTES))
    stream.end(answer)
    return
  }
  const frame = prefixed(answer, PREFIX_BYTES + answer.length)
  frame.set(answer, PREFIX_BYTES)
  stream.end(frame)
}

/** A status without initial metadata. */
export function respondOnly(stream: ServerHttp2Stream, failure: GrpcFailure): void {
  const headers = { ':status': 200, 'content-type': CONTENT_TYPE, ...statusOf(failure) }
  stream.respond(headers, { endStream: true })
  dismiss(stream)
}

/**
 * What the client still wants to send is of no use. It is told so behind its status: that is on its way in the next turn, and frames of a
 * stream keep their order.
 */
function dismiss(stream: ServerHttp2Stream): void {
  if (stream.readableEnded) return
  stream.resume()
  setImmediate(() => {
    if (!stream.readableEnded && !stream.destroyed) stream.close()
  })
}

function statusOf({ code, text }: GrpcFailure): OutgoingHttpHeaders {
  return { 'grpc-status': String(code), 'grpc-message': encodeURI(text) }
}

function prefixed(message: Uint8Array, sizeBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(sizeBytes)
  bytes[0] = 0
  bytes.writeUInt32BE(message.length, 1)
  return bytes
}

/** One function for all streams: one less to make for each call. */
function sendOk(this: ServerHttp2Stream): void {
  this.sendTrailers(OK)
}
