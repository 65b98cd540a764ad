import { describe, expect, it } from 'vitest'
import { HeadReader, readPlainHead } from './read-plain-head.ts'

const head = (lines: readonly string[], first = 'POST /v1/models/m:predict HTTP/1.1') =>
  Buffer.from(`${[first, ...lines].join('\r\n')}\r\n\r\n`, 'latin1')
const PLAIN = ['Host: a', 'Content-Length: 2'] as const

describe('readPlainHead', () => {
  it('reads method, target with query, headers by their lower case names, and sizes', () => {
    const bytes = head(
      ['Host: a:8501', 'X-Tag:\t b c \t', 'Content-Length:12'],
      'POST /v1/m:predict?x=%20 HTTP/1.1',
    )
    expect(readPlainHead(Buffer.concat([bytes, Buffer.from('{"a"')]))).toEqual({
      method: 'POST',
      url: '/v1/m:predict?x=%20',
      headers: { host: 'a:8501', 'x-tag': 'b c', 'content-length': '12' },
      headBytes: bytes.length,
      bodyBytes: 12,
    })
  })

  it('reads a GET, which has no body', () => {
    expect(readPlainHead(head(['host: a'], 'GET /v2/health/ready HTTP/1.1'))?.bodyBytes).toBe(0)
  })

  it.each([
    ['keep-alive said aloud', ['Connection: Keep-Alive']],
    ['an empty header', ['x-empty:']],
    ['names that every object has', ['constructor: 1', 'toString: 2']],
  ])('takes %s', (_what, lines) => {
    expect(readPlainHead(head([...PLAIN, ...lines]))).toBeDefined()
  })

  it.each([
    ['a length that comes twice', [...PLAIN, 'content-length: 2']],
    ['two lengths that disagree', [...PLAIN, 'Content-length: 3']],
    ['a length in a list', ['host: a', 'content-length: 2, 2']],
    ['a length with a sign', ['host: a', 'content-length: +2']],
    ['a length in hexadecimals', ['host: a', 'content-length: 0x2']],
    ['a length with a blank in it', ['host: a', 'content-length: 1 2']],
    ['a length without digits', ['host: a', 'content-length:']],
    ['a length beyond all bounds', ['host: a', 'content-length: 99999999999999999999']],
    ['no length', ['host: a']],
    ['chunks', ['host: a', 'transfer-encoding: chunked']],
    ['chunks and a length', [...PLAIN, 'Transfer-Encoding: chunked']],
    ['an odd transfer encoding', [...PLAIN, 'transfer-encoding: identity']],
    ['a blank before the colon', [...PLAIN, 'x-a : 1']],
    ['a header without a colon', [...PLAIN, 'x-a']],
    ['a header without a name', [...PLAIN, ': 1']],
    ['a folded header', [...PLAIN, 'x-a: 1', ' 2']],
    ['a lone line feed', [...PLAIN, 'x-a: 1\nx-b: 2']],
    ['a lone carriage return', [...PLAIN, 'x-a: 1\rx-b: 2']],
    ['a zero byte', [...PLAIN, 'x-a: \0']],
    ['what is not ASCII', [...PLAIN, 'x-a: é']],
    ['a header that comes twice', [...PLAIN, 'x-a: 1', 'X-A: 2']],
    ['no host', ['content-length: 2']],
    ['an end of the connection', [...PLAIN, 'connection: close']],
    ['a list of connection options', [...PLAIN, 'connection: keep-alive, x-a']],
    ['a connection option of proxies', [...PLAIN, 'proxy-connection: close']],
    ['an expectation', [...PLAIN, 'expect: 100-continue']],
    ['an upgrade', [...PLAIN, 'upgrade: h2c']],
    ['trailers', [...PLAIN, 'trailer: x-a']],
    ['what Node loses', [...PLAIN, '__proto__: 1']],
    ['a cookie that servers set', [...PLAIN, 'set-cookie: a=1']],
  ])('leaves %s to Node', (_what, lines) => {
    expect(readPlainHead(head(lines))).toBeUndefined()
  })

  it.each([
    'POST /a HTTP/1.0',
    'POST /a HTTP/2.0',
    'POST /a http/1.1',
    'POST  /a HTTP/1.1',
    'POST /a  HTTP/1.1',
    'POST\t/a HTTP/1.1',
    'POST /a b HTTP/1.1',
    'POST /a#b HTTP/1.1',
    'POST a HTTP/1.1',
    'POST http://a/b HTTP/1.1',
    'POST * HTTP/1.1',
    'POST /ä HTTP/1.1',
    'post /a HTTP/1.1',
    'PUT /a HTTP/1.1',
    'HEAD /a HTTP/1.1',
    '\r\nPOST /a HTTP/1.1',
    'PRI * HTTP/2.0',
  ])('leaves "%s" to Node', (first) => {
    expect(readPlainHead(head(PLAIN, first))).toBeUndefined()
  })

  it('leaves a GET with a length, a head that is not whole and one that is long to Node', () => {
    expect(readPlainHead(head(PLAIN, 'GET /a HTTP/1.1'))).toBeUndefined()
    expect(readPlainHead(head(PLAIN).subarray(0, -1))).toBeUndefined()
    expect(readPlainHead(head([...PLAIN, `x-a: ${'a'.repeat(9_000)}`]))).toBeUndefined()
  })
})

describe('HeadReader', () => {
  it('gives the head that it has read before only for the same bytes', () => {
    const reader = new HeadReader()
    const first = reader.read(head(PLAIN))
    expect(reader.read(Buffer.concat([head(PLAIN), Buffer.from('{}')]))).toBe(first)
    expect(reader.read(head(['Host: b', 'Content-Length: 2']))?.headers.host).toBe('b')
    expect(reader.read(head(PLAIN).subarray(0, -4))).toBeUndefined()
    expect(reader.read(head(['host: a']))).toBeUndefined()
    expect(reader.read(head(PLAIN))).toEqual(first)
  })

  it('remembers bytes of its own', () => {
    const reader = new HeadReader()
    const bytes = head(PLAIN)
    reader.read(bytes)
    bytes.write('X', bytes.indexOf('a'))
    expect(reader.read(head(PLAIN))?.headers.host).toBe('a')
  })
})
