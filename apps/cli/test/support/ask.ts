import { type Agent, request } from 'node:http'

export interface AskOptions {
  readonly agent?: Agent
  readonly body?: Buffer
}

/** What is answered to one request; rejects when the connection fails. */
export function askPort(port: number, { agent, body }: AskOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      { host: '127.0.0.1', port, method: body ? 'POST' : 'GET', agent: agent ?? false },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => resolve(Buffer.concat(chunks).toString('latin1')))
        response.on('error', reject)
      },
    )
    call.on('error', reject).end(body)
  })
}
