import { type PlatformError, SERVED_BY_HEADERS, type ServedBy } from '@understudy/core'
import { servedByHeaders, TFS_HTTP_STATUS } from '@understudy/protocols'

/** Headers of every answer: the request id, who answered where that is known, and how old the plan is where it is not current. */
export function answerHeaders(
  requestId: string,
  servedBy: ServedBy | undefined,
  planAgeMs: number | undefined,
): Record<string, string> {
  const headers: Record<string, string> = servedBy === undefined ? {} : servedByHeaders(servedBy)
  headers[SERVED_BY_HEADERS.requestId] = requestId
  if (planAgeMs !== undefined) headers[SERVED_BY_HEADERS.planAge] = String(Math.round(planAgeMs))
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
