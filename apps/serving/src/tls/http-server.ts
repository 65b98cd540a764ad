import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { TlsFiles } from './tls-files.ts'
import { secureContextOptions } from './tls-pair.ts'

/**
 * An HTTP server: with TLS where there are files for it, for new connections also after they changed; those there go on.
 *
 * A handshake takes no longer than the head of a request may.
 */
export function createHttpServer<
  Request extends typeof IncomingMessage,
  Response extends typeof ServerResponse<InstanceType<Request>>,
>(
  options: ServerOptions<Request, Response>,
  tls: TlsFiles | undefined,
  onRequest: RequestListener<Request, Response>,
): Server<Request, Response> {
  if (tls === undefined) return createServer(options, onRequest)
  const handshakeTimeout = options.headersTimeout
  const secured = { ...options, ...secureContextOptions(tls.pair), handshakeTimeout }
  const server = createTlsServer(secured, onRequest)
  const end = tls.onChange((pair) => server.setSecureContext(secureContextOptions(pair)))
  server.once('close', end)
  return server
}
