import { AUTHORIZATION } from '../bench-key.ts'

/** One POST request, before it has a form. */
export interface HttpCall {
  readonly path: string
  readonly body: string | Uint8Array
  /** @defaultValue JSON */
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Rows to TensorFlow Serving's REST API. */
export function predictCall(model: string, instances: unknown): HttpCall {
  return { path: `/v1/models/${model}:predict`, body: JSON.stringify({ instances }) }
}

/** One row of numbers as binary tensor data of the Open Inference Protocol, answered in the same way. */
export function binaryInferCall(model: string, row: readonly number[]): HttpCall {
  const data = Buffer.from(Float32Array.from(row).buffer)
  const x = { name: 'x', shape: [1, row.length], datatype: 'FP32' }
  const document = Buffer.from(
    JSON.stringify({
      inputs: [{ ...x, parameters: { binary_data_size: data.length } }],
      outputs: [{ name: 'y', parameters: { binary_data: true } }],
    }),
  )
  return {
    path: `/v2/models/${model}/infer`,
    body: Buffer.concat([document, data]),
    contentType: 'application/octet-stream',
    headers: { 'inference-header-content-length': String(document.length) },
  }
}

/** What Node's `fetch` adds to every request. */
export const FETCH_HEADERS = {
  accept: '*/*',
  'accept-language': '*',
  'sec-fetch-mode': 'cors',
  'user-agent': 'node',
  'accept-encoding': 'gzip, deflate',
} as const

/** A `predict` call as tRPC's `httpLink` sends it. */
export function trpcPredictCall(model: string, x: unknown): HttpCall {
  return {
    path: '/trpc/predict',
    body: JSON.stringify({ model, inputs: { x } }),
    headers: FETCH_HEADERS,
  }
}

/** The bytes of a call over HTTP/1.1, to be sent as they are. */
export function requestBytes(call: HttpCall, authorization = AUTHORIZATION): Uint8Array {
  const headers = { host: '127.0.0.1', ...headersOf(call, authorization) }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const lengthLine = `content-length: ${Buffer.byteLength(call.body)}\r\n`
  const head = `POST ${call.path} HTTP/1.1\r\n${lines.join('')}${lengthLine}\r\n`
  return Buffer.concat([Buffer.from(head), Buffer.from(call.body)])
}

/** The bytes of one `:predict` request. */
export function predictRequest(model: string, instances: unknown, authorization?: string): Uint8Array {
  return requestBytes(predictCall(model, instances), authorization)
}

export function getRequest(where: string): Uint8Array {
  return Buffer.from(`GET ${where} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`)
}

/** Sends one call and gives its answer. */
export function sendCall(url: string, call: HttpCall, signal?: AbortSignal): Promise<Response> {
  const { path, body } = call
  const options = { method: 'POST', headers: headersOf(call, AUTHORIZATION), body }
  return fetch(`${url}${path}`, signal === undefined ? options : { ...options, signal })
}

function headersOf({ contentType = 'application/json', headers }: HttpCall, authorization: string) {
  return { 'content-type': contentType, ...headers, authorization }
}
