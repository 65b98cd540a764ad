import type { IncomingHttpHeaders } from 'node:http'
import type { Metadata } from '@grpc/grpc-js'
import { SERVED_BY_HEADERS } from '@understudy/core'
import { type CallHeaders, readCallHeaders, requestIdOf } from '../http/call-headers.ts'
import { LABEL_HEADER } from '../http/pinned-selector.ts'

const CALL_KEYS = [
  'understudy-timeout-ms',
  SERVED_BY_HEADERS.minGeneration,
  'traceparent',
  SERVED_BY_HEADERS.version,
  LABEL_HEADER,
] as const

/** What metadata says about a call, by the names that HTTP headers have. */
export interface CallMetadata extends CallHeaders {
  readonly requestId: string
  readonly authorization: string | undefined
  /** Those that are ours, as HTTP headers; the same object whenever there is none. */
  readonly headers: IncomingHttpHeaders
}

export const NO_HEADERS: IncomingHttpHeaders = {}

function single(metadata: Metadata, key: string): string | undefined {
  const [value] = metadata.get(key)
  return typeof value === 'string' ? value : undefined
}

/** @throws PlatformError `request.malformed` */
export function readCallMetadata(metadata: Metadata, newId: () => string): CallMetadata {
  const requestId = requestIdIn(metadata, newId)
  const headers = callHeaders(metadata)
  const { timeoutMs, minGeneration, traceparent } = readCallHeaders(headers)
  const authorization = single(metadata, 'authorization')
  const header = (name: string) => single(metadata, name)
  return { requestId, authorization, headers, timeoutMs, minGeneration, traceparent, header }
}

/** Never throws: errors carry the id too. */
export function requestIdIn(metadata: Metadata, newId: () => string): string {
  const given = single(metadata, SERVED_BY_HEADERS.requestId)
  return given === undefined ? newId() : requestIdOf({ [SERVED_BY_HEADERS.requestId]: given }, newId)
}

/** The same of the headers of a stream. @throws PlatformError `request.malformed` */
export function callMetadataOf(given: IncomingHttpHeaders, requestId: string): CallMetadata {
  const { timeoutMs, minGeneration, traceparent, header } = readCallHeaders(given)
  const pins = given[SERVED_BY_HEADERS.version] !== undefined || given[LABEL_HEADER] !== undefined
  const headers = pins ? given : NO_HEADERS
  const { authorization } = given
  return { requestId, authorization, headers, timeoutMs, minGeneration, traceparent, header }
}

function callHeaders(metadata: Metadata): IncomingHttpHeaders {
  let headers: IncomingHttpHeaders | undefined
  for (const key of CALL_KEYS) {
    const value = single(metadata, key)
    if (value === undefined) continue
    headers ??= {}
    headers[key] = value
  }
  return headers ?? NO_HEADERS
}
