import type { IncomingHttpHeaders } from 'node:http'
import { gunzip } from 'node:zlib'
import { PlatformError, toPlatformError } from '@understudy/core'
import type { Exchange } from './exchange.ts'

const NOTHING = new Uint8Array(0)

/** Called once, with the whole body or with why there is none. */
export type BodyRead = (body: Uint8Array | PlatformError) => void

function tooLarge(maxBodyBytes: number): PlatformError {
  return new PlatformError('request.too_large', `The body is larger than ${maxBodyBytes} bytes.`)
}

/** The body as it came; stops keeping it at the limit, whatever the length header says. */
class BodyCollector {
  readonly #exchange: Exchange
  readonly #maxBodyBytes: number
  readonly #onRead: BodyRead
  /** One chunk is the normal case. */
  #first: Buffer | undefined
  #further: Buffer[] | undefined
  #sizeBytes = 0
  #isOver = false

  constructor(exchange: Exchange, maxBodyBytes: number, onRead: BodyRead) {
    this.#exchange = exchange
    this.#maxBodyBytes = maxBodyBytes
    this.#onRead = onRead
    exchange.req.on('data', (chunk: Buffer) => this.#add(chunk))
    exchange.req.on('end', () => this.#end())
    exchange.gone.addEventListener('abort', () => this.#lost())
  }

  #add(chunk: Buffer): void {
    // After a refusal the rest is read and dropped, so that a client that is still sending gets the answer.
    if (this.#isOver) return
    this.#sizeBytes += chunk.length
    try {
      if (this.#sizeBytes > this.#maxBodyBytes) throw tooLarge(this.#maxBodyBytes)
      this.#exchange.lease.take(chunk.length)
      this.#keep(chunk)
    } catch (error) {
      this.#settle(toPlatformError(error))
    }
  }

  #keep(chunk: Buffer): void {
    if (this.#first === undefined) this.#first = chunk
    else if (this.#further === undefined) this.#further = [this.#first, chunk]
    else this.#further.push(chunk)
  }

  #end(): void {
    if (this.#isOver) return
    this.#settle(this.#further === undefined ? (this.#first ?? NOTHING) : Buffer.concat(this.#further))
  }

  #lost(): void {
    if (this.#isOver) return
    this.#settle(new PlatformError('serving.cancelled', 'The client went away before the body was complete.'))
  }

  #settle(body: Uint8Array | PlatformError): void {
    this.#isOver = true
    this.#first = undefined
    this.#further = undefined
    this.#onRead(body)
  }
}

function unzip(bytes: Uint8Array, exchange: Exchange, maxBodyBytes: number, onRead: BodyRead): void {
  gunzip(bytes, { maxOutputLength: maxBodyBytes }, (error, plain) => {
    if (error !== null) {
      const isBomb = 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
      const malformed = new PlatformError('request.malformed', 'The body is not valid gzip.', {
        cause: error,
      })
      return onRead(isBomb ? tooLarge(maxBodyBytes) : malformed)
    }
    try {
      exchange.lease.take(plain.length)
    } catch (full) {
      return onRead(toPlatformError(full))
    }
    onRead(plain)
  })
}

/**
 * Reads a whole body, unzipped where its encoding says gzip, within the limits. Never throws.
 *
 * Errors: `request.too_large`, `request.malformed`, `request.unsupported`, `serving.cancelled`, `serving.queue_full`.
 */
export function readBody(exchange: Exchange, maxBodyBytes: number, onRead: BodyRead): void {
  try {
    const isZipped = checkHeaders(exchange.req.headers, maxBodyBytes) === 'gzip'
    new BodyCollector(exchange, maxBodyBytes, (body) => {
      if (isZipped && body instanceof Uint8Array) unzip(body, exchange, maxBodyBytes, onRead)
      else onRead(body)
    })
  } catch (error) {
    onRead(toPlatformError(error))
  }
}

function checkHeaders(headers: IncomingHttpHeaders, maxBodyBytes: number): 'identity' | 'gzip' {
  if (Number(headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge(maxBodyBytes)
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
  if (encoding === 'identity' || encoding === 'gzip') return encoding
  throw new PlatformError(
    'request.unsupported',
    'Content-Encoding must be gzip or identity; nothing else is read.',
  )
}
