import type { OutgoingHttpHeaders } from 'node:http'
import { Metadata } from '@grpc/grpc-js'
import { SERVED_BY_HEADERS, type ServedBy } from '@understudy/core'
import { servedByHeaders } from '@understudy/protocols'

const NOBODY: OutgoingHttpHeaders = {}

/** Of each version and generation they are made once: the data plane hands out the same object for all its answers. */
const ofServedBy = new WeakMap<ServedBy, OutgoingHttpHeaders>()

function headersOf(servedBy: ServedBy): OutgoingHttpHeaders {
  let headers = ofServedBy.get(servedBy)
  if (headers === undefined) {
    headers = servedByHeaders(servedBy)
    ofServedBy.set(servedBy, headers)
  }
  return headers
}

/** Initial metadata of an answer: the request id, who answered where that is known, and how old the plan is where it is not current. */
export class AnswerMetadata extends Metadata {
  readonly #requestId: string
  readonly #servedBy: ServedBy | undefined
  readonly #planAgeMs: number | undefined

  constructor(requestId: string, servedBy: ServedBy | undefined, planAgeMs: number | undefined) {
    super()
    this.#requestId = requestId
    this.#servedBy = servedBy
    this.#planAgeMs = planAgeMs
  }

  /** All that the server asks of metadata which it sends: setting each value for each answer would cost as much as a small prediction. */
  override toHttp2Headers(): OutgoingHttpHeaders {
    const servedBy = this.#servedBy === undefined ? NOBODY : headersOf(this.#servedBy)
    const headers = { ...servedBy, [SERVED_BY_HEADERS.requestId]: this.#requestId }
    if (this.#planAgeMs === undefined) return headers
    return { ...headers, [SERVED_BY_HEADERS.planAge]: String(Math.round(this.#planAgeMs)) }
  }
}
