import { type NextRequest, NextResponse } from 'next/server'
import { consolePort, isDevelopment } from './env.ts'
import { isOwnHost } from './server/request-guard.ts'
import { contentSecurityPolicy, SECURITY_HEADERS } from './server/security-headers.ts'

/** Runs before every request: a foreign `Host` gets nothing, and every answer carries the security headers. */
export function proxy(request: NextRequest): NextResponse {
  const port = consolePort()
  if (!isOwnHost(request.headers.get('host'), port)) {
    return new NextResponse(`This console answers at http://127.0.0.1:${port} only.\n`, {
      status: 403,
      headers: { ...SECURITY_HEADERS, 'content-type': 'text/plain; charset=utf-8' },
    })
  }
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64')
  const policy = contentSecurityPolicy(nonce, isDevelopment())
  const headers = new Headers(request.headers)
  headers.set('x-nonce', nonce)
  headers.set('content-security-policy', policy)
  const response = NextResponse.next({ request: { headers } })
  response.headers.set('content-security-policy', policy)
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.headers.set(name, value)
  return response
}
