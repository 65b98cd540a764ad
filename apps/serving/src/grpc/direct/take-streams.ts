import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { Server } from '@grpc/grpc-js'
import { readGrpcTimeout } from './grpc-timeout.ts'

const TIMEOUT_HEADER = 'grpc-timeout'
/** The longest whole second that a timer of grpc-js reaches. */
const LONGEST_TIMEOUT = '2147483S'

/** Where grpc-js is given its streams. It keeps these to itself. */
interface StreamHandling {
  _streamHandler?: (interceptors: unknown, stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void
  /** Counts streams of connections, so that those which are in use are not closed as idle. */
  onStreamOpened?: (stream: ServerHttp2Stream) => void
}

/** @returns whether the stream was taken; what was not is answered by grpc-js */
export type TakeStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => boolean

/**
 * Shows every new stream of a server to `take` before grpc-js sees it. Connections stay with grpc-js: sessions, keepalive, idleness,
 * limits, TLS, drain. Call it before connections are accepted.
 *
 * A timeout beyond what timers reach becomes the longest one: grpc-js would let such a call expire at once.
 * @returns false where this grpc-js has no such place: it then answers everything itself
 */
export function takeStreams(server: Server, take: TakeStream): boolean {
  const handling = server as unknown as StreamHandling
  const { _streamHandler: given, onStreamOpened: opened } = handling
  if (typeof given !== 'function' || typeof opened !== 'function') return false
  handling._streamHandler = (interceptors, stream, headers) => {
    if (take(stream, headers)) {
      opened.call(server, stream)
      return
    }
    if (readGrpcTimeout(headers[TIMEOUT_HEADER]) === Number.POSITIVE_INFINITY && headers[TIMEOUT_HEADER]) {
      headers[TIMEOUT_HEADER] = LONGEST_TIMEOUT
    }
    given.call(server, interceptors, stream, headers)
  }
  return true
}
