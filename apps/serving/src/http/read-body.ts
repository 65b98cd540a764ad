import type { IncomingHttpHeaders } from 'node:http'
import { gunzip, inflate } from 'node:zlib'
import { PlatformError, toPlatformError } from '@understudy/core'
import type { Exchange } from './exchange.ts'
import type { BodySink } from './incoming-request.ts'

const NOTHING = new Uint8Array(0)
const IDENTITY = 'identity'

/** Called once, with the whole body or with why there is none. */
export type BodyRead = (body: Uint8Array | PlatformError) => void

function tooLarge(maxBodyBytes: number): PlatformError {
  return new PlatformError('request.too_large', `The body is larger than ${maxBodyBytes} bytes.`)
}

/** The body as it came; stops keeping it at the limit, whatever the length header says. */
class BodyCollector implements BodySink {
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
    exchange.req.takeBody(this)
    exchange.gone.addEventListener('abort', () => this.#lost())
  }

  chunk(chunk: Buffer): void {
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

  end(): void {
    if (this.#isOver) return
    this.#settle(this.#further === undefined ? (this.#first ?? NOTHING) : Buffer.concat(this.#further))
  }

  #keep(chunk: Buffer): void {
    if (this.#first === undefined) this.#first = chunk
    else if (this.#further === undefined) this.#further = [this.#first, chunk]
    else this.#further.push(chunk)
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

/** Undoes an encoding off the loop, within a bound. */
type Inflater = typeof gunzip

/** Encodings of bodies by their names, besides none. */
export type BodyEncodings = ReadonlyMap<string, Inflater>

const GZIP_ONLY: BodyEncodings = new Map([['gzip', gunzip]])
/** What the Open Inference Protocol reads. */
export const OIP_ENCODINGS: BodyEncodings = new Map([
  ['gzip', gunzip],
  ['deflate', inflate],
])

interface Zipped {
  readonly bytes: Uint8Array
  readonly encoding: string
  readonly inflater: Inflater
}

function unzip(
  { bytes, encoding, inflater }: Zipped,
  exchange: Exchange,
  maxBodyBytes: number,
  onRead: BodyRead,
): void {
  inflater(bytes, { maxOutputLength: maxBodyBytes }, (error, plain) => {
    if (error !== null) {
      const isBomb = 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
      const malformed = new PlatformError('request.malformed', `The body is not valid ${encoding}.`, {
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
export function readBody(
  exchange: Exchange,
  maxBodyBytes: number,
  onRead: BodyRead,
  encodings: BodyEncodings = GZIP_ONLY,
): void {
  try {
    const encoding = checkHeaders(exchange.req.headers, maxBodyBytes)
    const inflater = encodings.get(encoding)
    if (inflater === undefined && encoding !== IDENTITY) throw notRead(encodings)
    const { wholeBody } = exchange.req
    if (inflater === undefined && wholeBody !== undefined) {
      if (wholeBody.length > maxBodyBytes) throw tooLarge(maxBodyBytes)
      exchange.lease.take(wholeBody.length)
      onRead(wholeBody)
      return
    }
    new BodyCollector(exchange, maxBodyBytes, (body) => {
      if (inflater !== undefined && body instanceof Uint8Array) {
        unzip({ bytes: body, encoding, inflater }, exchange, maxBodyBytes, onRead)
      } else onRead(body)
    })
  } catch (error) {
    onRead(toPlatformError(error))
  }
}

function checkHeaders(headers: IncomingHttpHeaders, maxBodyBytes: number): string {
  if (Number(headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge(maxBodyBytes)
  return headers['content-encoding']?.trim().toLowerCase() ?? IDENTITY
}

function notRead(encodings: BodyEncodings): PlatformError {
  return new PlatformError(
    'request.unsupported',
    `Content-Encoding must be ${[...encodings.keys(), IDENTITY].join(' or ')}; nothing else is read.`,
  )
}
