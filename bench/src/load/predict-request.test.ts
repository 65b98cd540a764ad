import { describe, expect, it } from 'vitest'
import { AUTHORIZATION } from '../bench-key.ts'
import { binaryInferCall, predictRequest, requestBytes, trpcPredictCall } from './predict-request.ts'

/** A request taken apart as a server would. */
function parsed(bytes: Uint8Array) {
  const text = Buffer.from(bytes).toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  const [first, ...lines] = text.slice(0, end).split('\r\n')
  const headers = Object.fromEntries(lines.map((line) => line.split(': ')))
  return { first, headers, body: Buffer.from(bytes).subarray(end + 4) }
}

describe('requestBytes', () => {
  it('is a whole HTTP/1.1 request that brings the key, with the length of its bytes', () => {
    const { first, headers, body } = parsed(requestBytes({ path: '/x', body: '{"ä":1}' }))
    expect(first).toBe('POST /x HTTP/1.1')
    expect(headers).toEqual({
      host: '127.0.0.1',
      'content-type': 'application/json',
      authorization: AUTHORIZATION,
      'content-length': '8',
    })
    expect(body.toString()).toBe('{"ä":1}')
  })

  it('brings another key when told', () => {
    expect(parsed(predictRequest('m', [[1]], 'Bearer other')).headers.authorization).toBe('Bearer other')
  })
})

describe('binaryInferCall', () => {
  it('puts the numbers, little-endian, behind a document that says where they begin', () => {
    const { first, headers, body } = parsed(requestBytes(binaryInferCall('m', [1, 0.5])))
    const documentBytes = Number(headers['inference-header-content-length'])
    expect(first).toBe('POST /v2/models/m/infer HTTP/1.1')
    expect(JSON.parse(body.toString('utf8', 0, documentBytes))).toMatchObject({
      inputs: [{ name: 'x', shape: [1, 2], datatype: 'FP32', parameters: { binary_data_size: 8 } }],
      outputs: [{ name: 'y', parameters: { binary_data: true } }],
    })
    expect(body.readFloatLE(documentBytes)).toBe(1)
    expect(body.readFloatLE(documentBytes + 4)).toBe(0.5)
    expect(body.length).toBe(documentBytes + 8)
  })
})

describe('trpcPredictCall', () => {
  it('is the input of the procedure alone, as `httpLink` sends it', () => {
    const { first, body } = parsed(requestBytes(trpcPredictCall('m', [[1, 2]])))
    expect(first).toBe('POST /trpc/predict HTTP/1.1')
    expect(JSON.parse(body.toString())).toEqual({ model: 'm', inputs: { x: [[1, 2]] } })
  })
})
