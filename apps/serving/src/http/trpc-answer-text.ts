import { validateHeaderValue } from 'node:http'
import { SERVED_BY_HEADERS, type ServedBy } from '@understudy/core'
import { servedByHeaders } from '@understudy/protocols'

/** Every answer of tRPC says so. */
export const TRPC_VARY = 'trpc-accept, accept'
const DATE_FOR_MS = 1_000

/** What of a successful answer differs from one to the next. */
export interface TrpcAnswerParts {
  readonly servedBy: ServedBy
  readonly requestId: string
  readonly planAgeMs: number | undefined
  readonly body: string
}

interface Front {
  readonly beforeId: string
  readonly afterId: string
}

/**
 * Whole successful answers as text, as the stock adapter writes them with Node: sorted headers, one chunk. What stays the same is written
 * once, for each version and generation and for each second.
 */
export class TrpcAnswerText {
  readonly #keepAlive: string
  readonly #now: () => number
  readonly #fronts = new WeakMap<ServedBy, Front>()
  #tail = ''
  #tailUntilMs = 0

  /**
   * @param keepAliveTimeoutMs as the server has it
   * @param now milliseconds since the epoch
   */
  constructor(keepAliveTimeoutMs: number, now: () => number = Date.now) {
    this.#now = now
    const keepAlive =
      keepAliveTimeoutMs > 0 ? `Keep-Alive: timeout=${Math.floor(keepAliveTimeoutMs / 1_000)}\r\n` : ''
    this.#keepAlive = `Connection: keep-alive\r\n${keepAlive}Transfer-Encoding: chunked\r\n\r\n`
  }

  /** Undefined for a body that is not ASCII: its bytes are more than its characters. */
  of({ servedBy, requestId, planAgeMs, body }: TrpcAnswerParts): string | undefined {
    const { length } = body
    if (Buffer.byteLength(body) !== length) return undefined
    const { beforeId, afterId } = this.#frontOf(servedBy)
    const age = planAgeMs === undefined ? '' : `${SERVED_BY_HEADERS.planAge}: ${Math.round(planAgeMs)}\r\n`
    const id = `${SERVED_BY_HEADERS.requestId}: ${requestId}`
    return `${beforeId}${age}${id}${afterId}${this.#tailText()}${length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
  }

  #frontOf(servedBy: ServedBy): Front {
    const known = this.#fronts.get(servedBy)
    if (known !== undefined) return known
    let beforeId = 'HTTP/1.1 200 OK\r\n'
    let afterId = ''
    const own = Object.entries(servedByHeaders(servedBy))
    const headers = [['content-type', 'application/json'], ['vary', TRPC_VARY], ...own] as [string, string][]
    for (const [name, value] of headers.sort(byName)) {
      validateHeaderValue(name, value)
      if (name < SERVED_BY_HEADERS.requestId) beforeId += `${name}: ${value.trim()}\r\n`
      else afterId += `${name}: ${value.trim()}\r\n`
    }
    const front = { beforeId, afterId: `\r\n${afterId}` }
    this.#fronts.set(servedBy, front)
    return front
  }

  #tailText(): string {
    const nowMs = this.#now()
    if (nowMs >= this.#tailUntilMs || nowMs < this.#tailUntilMs - DATE_FOR_MS) {
      this.#tailUntilMs = nowMs - (nowMs % DATE_FOR_MS) + DATE_FOR_MS
      this.#tail = `Date: ${new Date(nowMs).toUTCString()}\r\n${this.#keepAlive}`
    }
    return this.#tail
  }
}

/** Order in which the stock adapter writes headers. */
export function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
