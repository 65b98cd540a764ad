import { guardedRequest, isOwnHost, isOwnOrigin } from './request-guard.ts'

/** Procedures that open a stream: guarded like those that change something. */
const STREAMS = new Set(['changes'])

interface Guard {
  readonly port: number
  readonly endpoint: string
}

/** Gives the sentence of refusal for a request that another site may have made, or undefined to let it go on. */
export function judgeControlRequest(request: Request, { port, endpoint }: Guard): string | undefined {
  const seen = guardedRequest(request.headers)
  if (!isOwnHost(seen.host, port)) return `This console answers at http://127.0.0.1:${port} only.`
  if (isPlainRead(request, endpoint) && seen.origin === null) return undefined
  if (isOwnOrigin(seen)) return undefined
  return 'Nothing was done: the request came from another site. Open the console under its own address.'
}

function isPlainRead(request: Request, endpoint: string): boolean {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false
  const path = new URL(request.url).pathname.slice(endpoint.length + 1)
  return !decodeURIComponent(path)
    .split(',')
    .some((procedure) => STREAMS.has(procedure))
}
