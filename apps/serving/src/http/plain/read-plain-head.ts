import type { IncomingHttpHeaders } from 'node:http'

/** Head of a plain request. */
export interface PlainHead {
  readonly method: string
  /** With the query. */
  readonly url: string
  /** Names in lower case, as Node gives them. */
  readonly headers: IncomingHttpHeaders
  /** Size of the head, the empty line behind it included. */
  readonly headBytes: number
  readonly bodyBytes: number
}

/** Longer heads are for Node's parser, which has its own limit. */
const HEAD_BYTES_MAX = 8 * 1024
const END_OF_HEAD = '\r\n\r\n'
/** Method and target, then lines of a token, a colon, and visible ASCII with blanks. What HTTP allows besides is not plain. */
const HEAD =
  /^(GET|POST) (\/[\w\-.~!$&'()*+,;=:@%/?]*) HTTP\/1\.1\r\n((?:[\w!#$%&'*+.^`|~-]+:[\t\x20-\x7e]*\r\n)+)$/
const CONTENT_LENGTH = /^\d{1,7}$/
/** They change where a message ends or what becomes of the connection, or Node keeps them in a way of its own. */
const NOT_PLAIN = [
  'transfer-encoding',
  'expect',
  'upgrade',
  'trailer',
  'proxy-connection',
  'set-cookie',
  '__proto__',
] as const
const SPACE = 0x20
const TAB = 0x09

/**
 * Reads the head of a request that nobody could read in two ways; undefined for any other, right or wrong, and for a head that is not
 * whole: those are for Node's parser.
 *
 * Plain is a GET without a body or a POST with a `content-length`, of HTTP/1.1, no header twice, nothing but ASCII, the connection kept.
 * Whoever sits between client and node sees the same message in it (RFC 9112, 11.2: request smuggling lives on messages that are read
 * differently), and so does Node: a test compares both for every such head.
 */
export function readPlainHead(bytes: Buffer): PlainHead | undefined {
  const end = bytes.indexOf(END_OF_HEAD)
  if (end === -1 || end > HEAD_BYTES_MAX) return undefined
  const found = HEAD.exec(bytes.toString('latin1', 0, end + 2))
  if (found === null) return undefined
  const [, method = '', url = '', lines = ''] = found
  const headers = readHeaders(lines)
  if (headers === undefined || !isKept(headers)) return undefined
  const bodyBytes = bodyBytesOf(method, headers['content-length'])
  if (bodyBytes === undefined) return undefined
  return { method, url, headers, headBytes: end + END_OF_HEAD.length, bodyBytes }
}

/** Reads the heads of one connection: a client that goes on asking the same way sends the same head, and that is read once. */
export class HeadReader {
  #last: PlainHead | undefined
  #lastBytes: Buffer = Buffer.alloc(0)

  /** As {@link readPlainHead}. What it gives may be given again, so nobody may change it. */
  read(bytes: Buffer): PlainHead | undefined {
    const { length } = this.#lastBytes
    if (this.#last !== undefined && bytes.length >= length) {
      if (bytes.compare(this.#lastBytes, 0, length, 0, length) === 0) return this.#last
    }
    this.#last = readPlainHead(bytes)
    // A copy: what was read holds a whole block of memory.
    if (this.#last !== undefined) this.#lastBytes = Buffer.from(bytes.subarray(0, this.#last.headBytes))
    return this.#last
  }
}

/** Inherits nothing that a client could name. V8 looks names up faster here than in `Object.create(null)`, which is a hash table to it. */
class PlainHeaders {
  readonly [name: string]: string | undefined
}
Object.setPrototypeOf(PlainHeaders.prototype, null)
Reflect.deleteProperty(PlainHeaders.prototype, 'constructor')

/** Undefined when a header comes twice: which of them counts is not plain. */
function readHeaders(lines: string): IncomingHttpHeaders | undefined {
  const headers: IncomingHttpHeaders = new PlainHeaders()
  for (let at = 0; at < lines.length; ) {
    const colon = lines.indexOf(':', at)
    const end = lines.indexOf('\r', colon)
    const name = lines.slice(at, colon).toLowerCase()
    if (headers[name] !== undefined) return undefined
    headers[name] = trimmed(lines, colon + 1, end)
    at = end + 2
  }
  return headers
}

function trimmed(text: string, from: number, to: number): string {
  let first = from
  let last = to
  while (first < last && isBlank(text.charCodeAt(first))) first += 1
  while (last > first && isBlank(text.charCodeAt(last - 1))) last -= 1
  return text.slice(first, last)
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}

function isKept(headers: IncomingHttpHeaders): boolean {
  const { connection, host } = headers
  if (host === undefined) return false
  if (connection !== undefined && connection.toLowerCase() !== 'keep-alive') return false
  for (const name of NOT_PLAIN) if (headers[name] !== undefined) return false
  return true
}

function bodyBytesOf(method: string, contentLength: string | undefined): number | undefined {
  if (method === 'GET') return contentLength === undefined ? 0 : undefined
  return contentLength !== undefined && CONTENT_LENGTH.test(contentLength) ? Number(contentLength) : undefined
}
