/** What of a request decides whether it may go on. Header values as received; null when absent. */
export interface GuardedRequest {
  readonly host: string | null
  readonly origin: string | null
  readonly secFetchSite: string | null
  /** `x-understudy-client`: a page of another origin cannot set it without a preflight, which is never granted. */
  readonly client: string | null
}

const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]']

/** True only for a loopback name with the console's own port: a rebound DNS name never passes. */
export function isOwnHost(host: string | null, port: number): boolean {
  if (host === null) return false
  const value = host.toLowerCase()
  return LOOPBACK_NAMES.some((name) => value === `${name}:${port}` || (port === 80 && value === name))
}

/**
 * True only for a request that a page of the console itself, or a client that says it is one, has sent.
 *
 * Meant for every request that changes something or opens a stream. Presumes {@link isOwnHost}.
 */
export function isOwnOrigin(request: GuardedRequest): boolean {
  if (request.origin !== null) return request.origin.toLowerCase() === `http://${request.host?.toLowerCase()}`
  return request.secFetchSite === 'same-origin' || (request.client !== null && request.client !== '')
}

export function guardedRequest(headers: Headers): GuardedRequest {
  return {
    host: headers.get('host'),
    origin: headers.get('origin'),
    secFetchSite: headers.get('sec-fetch-site'),
    client: headers.get('x-understudy-client'),
  }
}
