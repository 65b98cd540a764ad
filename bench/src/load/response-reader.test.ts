import { describe, expect, it } from 'vitest'
import { ResponseReader } from './response-reader.ts'

const answer = (body: string, status = '200 OK', version = 3) =>
  Buffer.from(
    `HTTP/1.1 ${status}\r\nunderstudy-version: ${version}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )

describe.each([true, false])('ResponseReader (trusts lengths: %s)', (trustLengths) => {
  it('finds an answer that comes whole', () => {
    const reader = new ResponseReader(trustLengths)
    for (let turn = 0; turn < 3; turn++) {
      expect(reader.push(answer('{"y":1}'))).toEqual({ status: 200, version: 3 })
    }
  })

  it('finds an answer in pieces, wherever they are cut', () => {
    const bytes = answer('{"predictions":[[1,2,3]]}')
    for (let cut = 1; cut < bytes.length; cut++) {
      const reader = new ResponseReader(trustLengths)
      expect(reader.push(bytes.subarray(0, cut))).toBeUndefined()
      expect(reader.push(bytes.subarray(cut))).toEqual({ status: 200, version: 3 })
    }
  })

  it('sees an error among answers of the same length', () => {
    const reader = new ResponseReader(trustLengths)
    const good = answer('{"y":1}', '200 OK')
    reader.push(good)
    const bad = answer('{"y":1}', '503 No')
    expect(bad.length).toBe(good.length)
    expect(reader.push(bad)).toEqual({ status: 503, version: 3 })
    expect(reader.push(good)).toEqual({ status: 200, version: 3 })
  })
})

describe('ResponseReader of answers in chunks', () => {
  it('finds their end, whole or in pieces', () => {
    const body = '7\r\n{"y":1}\r\n0\r\n\r\n'
    const bytes = Buffer.from(
      `HTTP/1.1 200 OK\r\nunderstudy-version: 3\r\nTransfer-Encoding: chunked\r\n\r\n${body}`,
    )
    const reader = new ResponseReader(true)
    for (let cut = 1; cut < bytes.length; cut++) {
      expect(reader.push(bytes.subarray(0, cut))).toBeUndefined()
      expect(reader.push(bytes.subarray(cut))).toEqual({ status: 200, version: 3 })
    }
    expect(reader.push(bytes)).toEqual({ status: 200, version: 3 })
  })
})

describe('ResponseReader that reads every head', () => {
  it('sees which version answered', () => {
    const reader = new ResponseReader(false)
    expect(reader.push(answer('{}', '200 OK', 1))?.version).toBe(1)
    expect(reader.push(answer('{}', '200 OK', 2))?.version).toBe(2)
  })
})
