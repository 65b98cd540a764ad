import { deflate, gzip } from 'node:zlib'
import type { PlatformError } from '@understudy/core'
import {
  type AnswerEncoding,
  acceptedEncoding,
  encodeOipError,
  OIP_HTTP_STATUS,
  type OipSubject,
} from '@understudy/protocols'
import type { Predictor } from '@understudy/serving'
import { answerHeaders, retryAfterSeconds } from './answer-headers.ts'
import { AnswerText } from './answer-text.ts'
import type { Exchange } from './exchange.ts'
import type { RestObserver } from './rest-observer.ts'

/** An answer of the Open Inference Protocol. */
export interface OipAnswer {
  readonly status: number
  /** Beside a header length each character of a text is a byte, whatever it is. */
  readonly body: string | Uint8Array
  /** Size of the JSON in front of binary data; undefined where there is none. */
  readonly headerLength?: number | undefined
  /** Seconds after which to ask again. */
  readonly retryAfter?: string | undefined
  /** What the body was compressed with. */
  readonly encoding?: AnswerEncoding | undefined
}

export interface OipWriterOptions {
  readonly predictor: Predictor
  readonly observer: RestObserver | undefined
  readonly isDraining: () => boolean
  readonly keepAliveTimeoutMs: number
}

/** Shorter answers only grow, or cost more than they save. */
const COMPRESS_FROM_BYTES = 1_024
const COMPRESSION_LEVEL = 1
/** Larger ones leave without being copied once more. */
const TEXT_BYTES_MAX = 32 * 1024

/** Writes answers and errors of the Open Inference Protocol with the headers that every answer of a node has. */
export class OipWriter {
  readonly #options: OipWriterOptions
  readonly #answerText: AnswerText

  constructor(options: OipWriterOptions) {
    this.#options = options
    this.#answerText = new AnswerText(options.keepAliveTimeoutMs)
  }

  send(exchange: Exchange, answer: OipAnswer): void {
    this.#write(exchange, answer)
  }

  fail(exchange: Exchange, error: PlatformError, subject: OipSubject | undefined): void {
    if (error.category === 'INTERNAL' || error.category === 'DATA_LOSS') {
      this.#options.observer?.onFault(error)
    }
    const status = error.code === 'request.too_large' ? 413 : OIP_HTTP_STATUS[error.category]
    const body = encodeOipError(error, subject)
    this.#write(exchange, { status, body, retryAfter: retryAfterSeconds(status, error) })
  }

  #write(exchange: Exchange, answer: OipAnswer): void {
    const { req, wire, requestId, servedBy } = exchange
    if (wire.isAnswered) return
    const planAgeMs = this.#options.predictor.planAgeMs()
    if (this.#writeText(exchange, answer, planAgeMs)) return
    const { status, headerLength, encoding, retryAfter } = answer
    const body = plainBody(answer)
    const headers = answerHeaders(requestId, servedBy, planAgeMs)
    const type = headerLength === undefined ? 'application/json' : 'application/octet-stream'
    headers.push('content-type', type, 'content-length', String(Buffer.byteLength(body)))
    if (headerLength !== undefined) headers.push('inference-header-content-length', String(headerLength))
    if (encoding !== undefined) headers.push('content-encoding', encoding)
    if (retryAfter !== undefined) headers.push('retry-after', retryAfter)
    if (this.#options.isDraining()) headers.push('connection', 'close')
    const res = wire.nodeResponse()
    res.writeHead(status, headers)
    res.end(req.method === 'HEAD' ? undefined : body)
  }

  /** The same for a small successful answer, at a fraction of the cost; false for any other. */
  #writeText(
    { wire, requestId, servedBy }: Exchange,
    answer: OipAnswer,
    planAgeMs: number | undefined,
  ): boolean {
    const { status, body, headerLength, encoding } = answer
    if (status !== 200 || servedBy === undefined || encoding !== undefined) return false
    if (typeof body !== 'string' || body.length > TEXT_BYTES_MAX) return false
    if (!wire.maySendText || this.#options.isDraining()) return false
    const binary = headerLength === undefined ? undefined : binaryHeaders(headerLength)
    const text = this.#answerText.of({ servedBy, requestId, planAgeMs, body, binary })
    if (text === undefined) return false
    wire.sendText(text)
    return true
  }
}

function binaryHeaders(headerLength: number): { readonly headers: string } {
  return {
    headers: `content-type: application/octet-stream\r\ninference-header-content-length: ${headerLength}\r\n`,
  }
}

/** The body as Node takes it: a text is UTF-8. */
function plainBody({ body, headerLength }: OipAnswer): string | Uint8Array {
  return headerLength !== undefined && typeof body === 'string' ? Buffer.from(body, 'latin1') : body
}

/**
 * Compresses an answer off the loop with the encoding that the client likes best; calls back with the same answer where there is none or
 * it fails, at once in the first case.
 */
export function compressed(
  acceptEncoding: string | undefined,
  answer: OipAnswer,
  done: (answer: OipAnswer) => void,
): void {
  const encoding = acceptEncoding === undefined ? undefined : acceptedEncoding(acceptEncoding)
  if (encoding === undefined || answer.body.length < COMPRESS_FROM_BYTES) {
    done(answer)
    return
  }
  const compress = encoding === 'gzip' ? gzip : deflate
  compress(plainBody(answer), { level: COMPRESSION_LEVEL }, (error, body) => {
    done(error === null ? { ...answer, body, encoding } : answer)
  })
}
