import type { Agent } from 'node:http'
import { request } from 'node:http'
import { SERVED_BY_HEADERS } from '@understudy/core'
import type { RequestOutcome } from './open-loop.ts'

/** Sends one sample to `:predict` in columnar form. Never rejects: what went wrong is part of the outcome. */
export function predictSample(
  target: { readonly url: URL; readonly agent: Agent },
  inputs: Readonly<Record<string, unknown>>,
): Promise<Omit<RequestOutcome, 'latencyMs'>> {
  const body = JSON.stringify({ inputs })
  return new Promise((resolve) => {
    const fail = (error: string) => resolve({ version: null, error })
    const sent = request(
      target.url,
      {
        method: 'POST',
        agent: target.agent,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        timeout: 30_000,
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', (error) => fail(error.message))
        response.on('end', () => {
          if (response.statusCode === 200) {
            resolve({ version: String(response.headers[SERVED_BY_HEADERS.version] ?? '?'), error: null })
          } else fail(`${response.statusCode} ${Buffer.concat(chunks).toString('utf8').slice(0, 200)}`)
        })
      },
    )
    sent.on('timeout', () => sent.destroy(new Error('no answer in 30 s')))
    sent.on('error', (error) => fail(error.message))
    sent.end(body)
  })
}
