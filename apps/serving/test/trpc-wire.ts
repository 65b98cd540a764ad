import { Agent, request } from 'node:http'

export interface WireRequest {
  readonly method?: string
  /** Below `/trpc/`, with the query. */
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** What a client can see of an answer, without what differs from one request to the next. */
export interface WireAnswer {
  readonly status: number | undefined
  /** In the order in which they came. */
  readonly headers: readonly string[]
  readonly body: string
}

const FAULT_ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g

/** Sends requests over connections that are kept, and tells all that is to be seen of the answers. */
export class WireClient implements Disposable {
  readonly #agent = new Agent({ keepAlive: true })

  send(port: number, { method = 'POST', path = 'predict', headers, body }: WireRequest): Promise<WireAnswer> {
    const bytes = Buffer.from(body ?? '')
    const all = { 'content-type': 'application/json', 'understudy-request-id': 'r', ...headers }
    const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''))
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, method, path: `/trpc/${path}`, agent: this.#agent }
      const length = body === undefined ? {} : { 'content-length': bytes.length }
      request({ ...options, headers: { ...sent, ...length } }, (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('error', reject)
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8').replaceAll(FAULT_ID, '<id>')
          resolve({ status: answer.statusCode, headers: pairsOf(answer.rawHeaders), body: text })
        })
      })
        .on('error', reject)
        .end(bytes)
    })
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }
}

function pairsOf(rawHeaders: readonly string[]): readonly string[] {
  const pairs: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name !== 'Date') pairs.push(`${name}: ${rawHeaders[at + 1]}`)
  }
  return pairs
}

type Encoded = readonly [readonly unknown[], ...(readonly (readonly unknown[])[])]

/** The values of a stream of lines, in whatever order they came: chunks are numbered as they come. */
export function valuesOfLines(text: string): unknown {
  const [head = '{}', ...lines] = text.trimEnd().split('\n')
  const chunks = new Map(lines.map((line) => [JSON.parse(line)[0], JSON.parse(line).slice(1)]))
  const decode = ([[value], ...promised]: Encoded): unknown => {
    let decoded = value
    for (const [key, , chunk] of promised) {
      const [status, encoded] = chunks.get(chunk) ?? []
      const kept = { status, value: decode(encoded) }
      decoded = key === null ? kept : { ...(decoded as object), [String(key)]: kept }
    }
    return decoded
  }
  return Object.entries(JSON.parse(head)).map(([index, encoded]) => [index, decode(encoded as Encoded)])
}
