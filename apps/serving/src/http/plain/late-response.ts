import type { Socket } from 'node:net'
import { IncomingRequest } from '../incoming-request.ts'
import { OneWriteResponse } from '../one-write-response.ts'
import type { RequestSide } from '../wire.ts'

/** What Node's parser sets on a response, and what its server asks when one has ended. */
interface ServerSide {
  _keepAliveTimeout: number
  readonly _last: boolean
}

export interface LateResponseOptions {
  readonly keepAliveTimeoutMs: number
  /** Called once, when the answer has been handed to the kernel; the last one closes the connection. */
  readonly onFinish: (isLast: boolean) => void
}

/**
 * Node's response to a request that Node has not read: for answers that are not one text, so that there is one writer of them.
 *
 * It is put on the socket, told that the connection stays open and for how long, and taken off when it has ended, as Node's server
 * does; that is known from its source only, so a test compares both ways byte for byte.
 */
export function lateResponse(
  socket: Socket,
  { method, url }: RequestSide,
  options: LateResponseOptions,
): OneWriteResponse {
  const request = new IncomingRequest(socket)
  Object.assign(request, { method, url, httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1 })
  const response = new OneWriteResponse(request)
  const serverSide = response as unknown as ServerSide
  response.shouldKeepAlive = true
  serverSide._keepAliveTimeout = options.keepAliveTimeoutMs
  response.assignSocket(socket)
  response.on('finish', () => {
    response.detachSocket(socket)
    if (serverSide._last) socket.destroySoon()
    options.onFinish(serverSide._last)
  })
  return response
}
