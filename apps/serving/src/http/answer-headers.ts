import { type PlatformError, SERVED_BY_HEADERS, type ServedBy } from '@understudy/core'
import { servedByHeaders, TFS_HTTP_STATUS } from '@understudy/protocols'

/** Headers as node:http writes them fastest: names and values in turn. */
export type FlatHeaders = string[]

const NOBODY: readonly string[] = []

/** Of each version and generation the headers are made once: the data plane hands out the same object for all its answers. */
const flatServedBy = new WeakMap<ServedBy, readonly string[]>()

function flat(servedBy: ServedBy): readonly string[] {
  const known = flatServedBy.get(servedBy)
  if (known !== undefined) return known
  const headers = Object.entries(servedByHeaders(servedBy)).flat()
  flatServedBy.set(servedBy, headers)
  return headers
}

/** Headers of every answer: the request id, who answered where that is known, and how old the plan is where it is not current. */
export function answerHeaders(
  requestId: string,
  servedBy: ServedBy | undefined,
  planAgeMs: number | undefined,
): FlatHeaders {
  const headers = (servedBy === undefined ? NOBODY : flat(servedBy)).slice()
  headers.push(SERVED_BY_HEADERS.requestId, requestId)
  if (planAgeMs !== undefined) headers.push(SERVED_BY_HEADERS.planAge, String(Math.round(planAgeMs)))
  return headers
}

/** HTTP status of an error on the REST surface. */
export function statusOf(error: PlatformError): number {
  return error.code === 'request.too_large' ? 413 : TFS_HTTP_STATUS[error.category]
}

/** Seconds after which to try again, for the statuses that ask for it. */
export function retryAfterSeconds(status: number, error?: PlatformError): string | undefined {
  if (status !== 429 && status !== 503) return undefined
  const retry = error?.retry
  return String(typeof retry === 'object' ? Math.max(1, Math.ceil(retry.afterMs / 1000)) : 1)
}
