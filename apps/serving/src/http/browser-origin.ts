import type { IncomingHttpHeaders } from 'node:http'
import { isLoopbackHost, PlatformError } from '@understudy/core'

/**
 * Keeps pages of other sites out: a browser names its origin, and that must be this server; on loopback the name must be one of
 * loopback too, so that a foreign name that resolves to this machine opens nothing. Other clients send no origin and pass.
 *
 * @throws PlatformError `control.forbidden_origin`
 */
export function checkBrowserOrigin(headers: IncomingHttpHeaders, loopbackOnly: boolean): void {
  const { origin, host } = headers
  if (origin === undefined) return
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  const own = url !== undefined && /^https?:$/.test(url.protocol) && url.host === host?.toLowerCase()
  if (!own || (loopbackOnly && !isLoopbackHost(url.hostname))) {
    throw new PlatformError('control.forbidden_origin', 'Pages of other sites may not use this server.')
  }
}
