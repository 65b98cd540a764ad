import type { IncomingHttpHeaders } from 'node:http'
import { BATCH_SIZE_MAX, type CallCount, PREDICT_PATH } from '@understudy/api/predict'

const ONE: CallCount = { isBatch: false, calls: 1 }
const BATCH_QUERY = 'batch=1'
const JSON_LINES = 'application/jsonl'
/** A host without a user in front of it and the like; others are left to whoever reads them. */
const PLAIN_HOST = /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i
const HOSTS_KNOWN_MAX = 64

/** How the calls of a request are answered by the short way. */
export interface TrpcFastRoute {
  readonly count: CallCount
  /** One line for each answer as it comes, instead of a list of all. */
  readonly isStream: boolean
}

/** What of a request decides whether the short way may serve it. */
export interface TrpcRequestLine {
  readonly method: string
  /** With the query. */
  readonly url: string
  /** Below the mount point. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
}

/**
 * The route of a request that is for `predict` and for nothing else, sent as tRPC's own links send it; undefined for any other, right or
 * wrong, which is for the stock adapter.
 *
 * JSON only: that content type keeps foreign pages out, which cannot send it without asking first.
 */
export function decideFastRoute({ method, url, path, headers }: TrpcRequestLine): TrpcFastRoute | undefined {
  if (method !== 'POST' || !isJson(headers['content-type']) || !isUsualHost(headers.host)) return undefined
  const query = url.indexOf('?')
  const isBatch = query !== -1
  if (isBatch && url.slice(query + 1) !== BATCH_QUERY) return undefined
  const count = isBatch ? batchOf(path) : path === PREDICT_PATH ? ONE : undefined
  if (count === undefined) return undefined
  const isStream = wantsLines(headers)
  return isStream && !isBatch ? undefined : { count, isStream }
}

function isJson(contentType: string | undefined): boolean {
  if (contentType === 'application/json') return true
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json'
}

function batchOf(path: string): CallCount | undefined {
  const paths = path.split(',', BATCH_SIZE_MAX + 1)
  if (paths.length > BATCH_SIZE_MAX || !paths.every((one) => one === PREDICT_PATH)) return undefined
  return { isBatch: true, calls: paths.length }
}

function wantsLines(headers: IncomingHttpHeaders): boolean {
  const own = headers['trpc-accept']
  if (own !== undefined) return own === JSON_LINES
  return headers.accept?.split(',').some((type) => type.trim() === JSON_LINES) ?? false
}

const usualHosts = new Set<string>()

function isUsualHost(host: string | undefined): boolean {
  if (host === undefined) return false
  if (usualHosts.has(host)) return true
  if (!PLAIN_HOST.test(host) || !URL.canParse(`http://${host}/`)) return false
  // Clients choose it, so what is kept is bounded.
  if (usualHosts.size < HOSTS_KNOWN_MAX) usualHosts.add(host)
  return true
}
