/** The bytes of one `:predict` request over HTTP/1.1, to be sent as they are. */
export function predictRequest(model: string, instances: unknown): Uint8Array {
  return postRequest(`/v1/models/${model}:predict`, JSON.stringify({ instances }))
}

export function postRequest(where: string, body: string): Uint8Array {
  const head = [
    `POST ${where} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}

export function getRequest(where: string): Uint8Array {
  return Buffer.from(`GET ${where} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`)
}
