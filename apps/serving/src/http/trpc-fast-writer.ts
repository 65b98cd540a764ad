import type { ServedBy } from '@understudy/core'
import { answerHeaders, retryAfterSeconds } from './answer-headers.ts'
import type { BodyPart } from './body-parts.ts'
import type { Exchange } from './exchange.ts'
import { byName, TRPC_VARY, TrpcAnswerText } from './trpc-answer-text.ts'

export interface TrpcWriterOptions {
  readonly keepAliveTimeoutMs: number
  readonly planAgeMs: () => number | undefined
  readonly isDraining: () => boolean
}

/** The answer of one HTTP request, which may be to several calls. */
export interface TrpcAnswer {
  readonly body: readonly BodyPart[]
  /** One for each call; empty when they are not known yet. */
  readonly statuses: readonly number[]
  /** The version that answered all of them. */
  readonly servedBy: ServedBy | undefined
}

/** Writes tRPC's answers as the stock adapter does, byte for byte. */
export class TrpcFastWriter {
  readonly #options: TrpcWriterOptions
  readonly #answerText: TrpcAnswerText

  constructor(options: TrpcWriterOptions) {
    this.#options = options
    this.#answerText = new TrpcAnswerText(options.keepAliveTimeoutMs)
  }

  send(exchange: Exchange, answer: TrpcAnswer): void {
    const { wire, requestId } = exchange
    if (wire.isAnswered) return
    if (this.#sendText(exchange, answer)) return
    const res = wire.nodeResponse()
    const { body, statuses, servedBy } = answer
    res.statusCode = statusOfAll(statuses)
    for (const [name, value] of this.#headersOf(requestId, statuses, servedBy).sort(byName)) {
      res.setHeader(name, value)
    }
    for (const part of body) res.write(part)
    res.end()
  }

  /** Writes some lines of an answer that is made as calls end. */
  sendLines(exchange: Exchange, lines: readonly BodyPart[], isLast: boolean): void {
    const { wire, requestId } = exchange
    const res = wire.nodeResponse()
    if (res.destroyed || res.writableEnded) return
    if (!res.headersSent) {
      const headers = this.#headersOf(requestId, [], undefined)
      headers.push(['transfer-encoding', 'chunked'])
      for (const [name, value] of headers.sort(byName)) res.setHeader(name, value)
    }
    for (const part of lines) res.write(part)
    if (isLast) res.end()
  }

  #headersOf(requestId: string, statuses: readonly number[], servedBy: ServedBy | undefined) {
    const flat = trpcHeaders(this.#options, { requestId, statuses, servedBy })
    const headers: [string, string][] = [
      ['content-type', 'application/json'],
      ['vary', TRPC_VARY],
    ]
    for (let at = 0; at + 1 < flat.length; at += 2)
      headers.push([flat[at] ?? '', (flat[at + 1] ?? '').trim()])
    return headers
  }

  #sendText({ wire, requestId }: Exchange, { body, statuses, servedBy }: TrpcAnswer): boolean {
    const [only, more] = body
    if (servedBy === undefined || typeof only !== 'string' || more !== undefined) return false
    if (!wire.maySendText) return false
    for (const status of statuses) if (status !== 200) return false
    if (this.#options.isDraining()) return false
    const text = this.#answerText.of({
      servedBy,
      requestId,
      planAgeMs: this.#options.planAgeMs(),
      body: only,
    })
    if (text === undefined) return false
    wire.sendText(text)
    return true
  }
}

interface Answered {
  readonly requestId: string
  readonly statuses: readonly number[]
  readonly servedBy: ServedBy | undefined
}

/** Headers that are ours, names and values in turn, also for the stock adapter. */
export function trpcHeaders(
  { planAgeMs, isDraining }: Pick<TrpcWriterOptions, 'planAgeMs' | 'isDraining'>,
  { requestId, statuses, servedBy }: Answered,
): string[] {
  const [status = 200] = statuses
  const headers = answerHeaders(requestId, servedBy, planAgeMs())
  const retryAfter = statuses.length === 1 ? retryAfterSeconds(status) : undefined
  if (retryAfter !== undefined) headers.push('retry-after', retryAfter)
  if (isDraining()) headers.push('connection', 'close')
  return headers
}

/** The version that all calls were answered by, if it is one. */
export function onlyVersion(selected: readonly ServedBy[]): ServedBy | undefined {
  const [first] = selected
  if (first === undefined) return undefined
  for (const one of selected) {
    if (one === first) continue
    const isSame =
      one.model === first.model && one.version === first.version && one.generation === first.generation
    if (!isSame) return undefined
  }
  return first
}

function statusOfAll(statuses: readonly number[]): number {
  const [first = 200] = statuses
  return statuses.every((status) => status === first) ? first : 207
}
