import type { OutgoingHttpHeaders } from 'node:http'
import { Metadata } from '@grpc/grpc-js'
import { SERVED_BY_HEADERS, type ServedBy } from '@understudy/core'
import { servedByHeaders } from '@understudy/protocols'

/** Of each version and generation they are made once: the data plane hands out the same object for all its answers. */
const ofServedBy = new WeakMap<ServedBy, Record<string, string>>()

function headersOf(servedBy: ServedBy): Record<string, string> {
  let headers = ofServedBy.get(servedBy)
  if (headers === undefined) {
    headers = servedByHeaders(servedBy)
    ofServedBy.set(servedBy, headers)
  }
  return headers
}

const { model, version, digest, commit, variant, generation, override, requestId, planAge } =
  SERVED_BY_HEADERS

/**
 * Initial metadata of an answer as headers of HTTP/2: the request id, who answered where that is known, and how old the plan is where it is
 * not current. The usual ones are written out: setting each value for each answer would cost as much as a small prediction.
 */
export function answerHeaders(
  id: string,
  servedBy: ServedBy | undefined,
  planAgeMs: number | undefined,
): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders =
    servedBy === undefined ? { [requestId]: id } : headersWith(id, headersOf(servedBy))
  if (servedBy?.override !== undefined) headers[override] = servedBy.override
  if (planAgeMs !== undefined) headers[planAge] = String(Math.round(planAgeMs))
  return headers
}

function headersWith(id: string, of: Record<string, string>): OutgoingHttpHeaders {
  return {
    [model]: of[model],
    [version]: of[version],
    [digest]: of[digest],
    [commit]: of[commit],
    [variant]: of[variant],
    [generation]: of[generation],
    [requestId]: id,
  }
}

/** The same for grpc-js. It asks nothing else of metadata that it sends. */
export class AnswerMetadata extends Metadata {
  readonly #headers: () => OutgoingHttpHeaders

  constructor(id: string, servedBy: ServedBy | undefined, planAgeMs: number | undefined) {
    super()
    this.#headers = () => answerHeaders(id, servedBy, planAgeMs)
  }

  override toHttp2Headers(): OutgoingHttpHeaders {
    return this.#headers()
  }
}
