import { validateHeaderValue } from 'node:http'
import { SERVED_BY_HEADERS, type ServedBy } from '@understudy/core'
import { servedByHeaders } from '@understudy/protocols'

/** What of a successful answer differs from one to the next. */
export interface AnswerParts {
  readonly servedBy: ServedBy
  readonly requestId: string
  readonly planAgeMs: number | undefined
  readonly body: string
  /** Each character is a byte, whatever it is; undefined: the body is JSON. */
  readonly binary?: { readonly headers: string } | undefined
}

const JSON_HEADERS = 'content-type: application/json\r\n'
/** A second is how exact the header is. */
const DATE_FOR_MS = 1_000

/** Whole successful answers as text: what stays the same is written once, for each version and generation and for each second. */
export class AnswerText {
  readonly #keepAlive: string
  readonly #fronts = new WeakMap<ServedBy, string>()
  #date = ''
  #dateUntilMs = 0

  readonly #now: () => number

  /**
   * @param keepAliveTimeoutMs as the server has it
   * @param now milliseconds since the epoch
   */
  constructor(keepAliveTimeoutMs: number, now: () => number = Date.now) {
    this.#now = now
    const seconds = Math.floor(keepAliveTimeoutMs / 1_000)
    this.#keepAlive = `Connection: keep-alive\r\n${keepAliveTimeoutMs > 0 ? `Keep-Alive: timeout=${seconds}\r\n` : ''}\r\n`
  }

  /** Undefined for a body that is not ASCII: its bytes are more than its characters. */
  of({ servedBy, requestId, planAgeMs, body, binary }: AnswerParts): string | undefined {
    const { length } = body
    if (binary === undefined && Buffer.byteLength(body) !== length) return undefined
    let text = `${this.#frontOf(servedBy)}${requestId}\r\n`
    if (planAgeMs !== undefined) text += `${SERVED_BY_HEADERS.planAge}: ${Math.round(planAgeMs)}\r\n`
    text += binary === undefined ? JSON_HEADERS : binary.headers
    return `${text}content-length: ${length}\r\n${this.#tail()}${body}`
  }

  #frontOf(servedBy: ServedBy): string {
    const known = this.#fronts.get(servedBy)
    if (known !== undefined) return known
    let front = 'HTTP/1.1 200 OK\r\n'
    for (const [name, value] of Object.entries(servedByHeaders(servedBy))) {
      validateHeaderValue(name, value)
      front += `${name}: ${value}\r\n`
    }
    front += `${SERVED_BY_HEADERS.requestId}: `
    this.#fronts.set(servedBy, front)
    return front
  }

  #tail(): string {
    const nowMs = this.#now()
    if (nowMs >= this.#dateUntilMs || nowMs < this.#dateUntilMs - DATE_FOR_MS) {
      this.#dateUntilMs = nowMs - (nowMs % DATE_FOR_MS) + DATE_FOR_MS
      this.#date = `Date: ${new Date(nowMs).toUTCString()}\r\n${this.#keepAlive}`
    }
    return this.#date
  }
}
