import { constants, type ServerHttp2Session } from 'node:http2'
import type { Server } from '@grpc/grpc-js'

/** Where grpc-js is given the sessions of a listener. It keeps this to itself. */
interface SessionHandling {
  _sessionHandler?: (http2Server: unknown) => (session: ServerHttp2Session) => void
}

/**
 * Ends every connection whose client has not told its HTTP/2 settings within the time: the first thing that any client sends (RFC 9113,
 * 3.4). Without it, one whose first frame can never be whole stays until keepalive asks after it, since Node's HTTP/2 answers GOAWAY, stops
 * to read, and so does not see that the client has left.
 *
 * Call it before connections are accepted.
 * @returns false where this grpc-js has no such place: keepalive ends them then
 */
export function limitHandshakes(server: Server, handshakeTimeoutMs: number): boolean {
  const handling = server as unknown as SessionHandling
  const given = handling._sessionHandler
  if (typeof given !== 'function') return false
  handling._sessionHandler = (http2Server) => {
    const accept = given.call(server, http2Server)
    return (session) => {
      const timer = setTimeout(
        () => session.destroy(undefined, constants.NGHTTP2_SETTINGS_TIMEOUT),
        handshakeTimeoutMs,
      )
      const done = () => clearTimeout(timer)
      session.once('remoteSettings', done).once('close', done)
      accept(session)
    }
  }
  return true
}
