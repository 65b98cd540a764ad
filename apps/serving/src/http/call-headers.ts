import type { IncomingHttpHeaders } from 'node:http'
import { type InferenceRequest, PlatformError, SERVED_BY_HEADERS } from '@understudy/core'

/** Header with the budget of a request in milliseconds. */
const TIMEOUT_HEADER = 'understudy-timeout-ms'

const TIMEOUT_MAX_MS = 600_000
const REQUEST_ID = /^[\x20-\x7e]{1,128}$/
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/** What headers say about every call of an HTTP request. */
export type CallHeaders = Pick<InferenceRequest, 'timeoutMs' | 'minGeneration' | 'traceparent' | 'header'>

function single(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value.trim() : undefined
}

function numberHeader(headers: IncomingHttpHeaders, name: string, expected: string): number | undefined {
  const text = single(headers, name)
  if (text === undefined) return undefined
  const value = /^\d{1,16}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (Number.isNaN(value)) {
    throw new PlatformError('request.malformed', `Header ${name} is not ${expected}.`)
  }
  return value
}

/**
 * Reads budget, least generation and trace context, and gives access to the others by name. A trace context that is none is ignored, as
 * W3C asks.
 *
 * @throws PlatformError `request.malformed`
 */
export function readCallHeaders(headers: IncomingHttpHeaders): CallHeaders {
  const hasAny =
    headers[TIMEOUT_HEADER] !== undefined ||
    headers[SERVED_BY_HEADERS.minGeneration] !== undefined ||
    headers.traceparent !== undefined
  const header = (name: string) => single(headers, name)
  return hasAny
    ? readGiven(headers, header)
    : { timeoutMs: undefined, minGeneration: undefined, traceparent: undefined, header }
}

function readGiven(headers: IncomingHttpHeaders, header: CallHeaders['header']): CallHeaders {
  const timeoutMs = numberHeader(headers, TIMEOUT_HEADER, 'a number of milliseconds')
  if (timeoutMs !== undefined && (timeoutMs <= 0 || timeoutMs > TIMEOUT_MAX_MS)) {
    throw new PlatformError(
      'request.malformed',
      `Header ${TIMEOUT_HEADER} must be above 0 and at most ${TIMEOUT_MAX_MS}.`,
    )
  }
  const minGeneration = numberHeader(headers, SERVED_BY_HEADERS.minGeneration, 'a generation')
  if (minGeneration !== undefined && !Number.isSafeInteger(minGeneration)) {
    throw new PlatformError(
      'request.malformed',
      `Header ${SERVED_BY_HEADERS.minGeneration} is not a generation.`,
    )
  }
  const traceparent = single(headers, 'traceparent')
  return {
    timeoutMs,
    minGeneration,
    traceparent: traceparent !== undefined && TRACEPARENT.test(traceparent) ? traceparent : undefined,
    header,
  }
}

/** The client's request id where it is printable and at most 128 characters, else a new one. */
export function requestIdOf(headers: IncomingHttpHeaders, newId: () => string): string {
  const given = single(headers, SERVED_BY_HEADERS.requestId)
  return given !== undefined && REQUEST_ID.test(given) ? given : newId()
}
