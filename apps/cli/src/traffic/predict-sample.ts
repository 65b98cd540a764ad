import { Agent, request } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { SERVED_BY_HEADERS } from '@understudy/core'
import type { RequestOutcome } from './open-loop.ts'

/** Where samples go, over connections that are kept. */
export interface PredictTarget {
  readonly url: URL
  readonly agent: Agent
  readonly apiKey: string | undefined
}

/** Where predictions of a model are answered. The node is our own: its certificate is for the name by which others know it. */
export function predictTarget(servingUrl: string, model: string, apiKey: string | undefined): PredictTarget {
  const url = new URL(`/v1/models/${encodeURIComponent(model)}:predict`, servingUrl)
  const kept = { keepAlive: true, maxSockets: 64 }
  const agent =
    url.protocol === 'https:' ? new TlsAgent({ ...kept, rejectUnauthorized: false }) : new Agent(kept)
  return { url, agent, apiKey }
}

/** Sends one sample to `:predict` in columnar form. Never rejects: what went wrong is part of the outcome. */
export function predictSample(
  { url, agent, apiKey }: PredictTarget,
  inputs: Readonly<Record<string, unknown>>,
): Promise<Omit<RequestOutcome, 'latencyMs'>> {
  const body = JSON.stringify({ inputs })
  return new Promise((resolve) => {
    const fail = (error: string) => resolve({ version: null, error })
    const sent = (url.protocol === 'https:' ? tlsRequest : request)(
      url,
      {
        ...{ method: 'POST', agent, timeout: 30_000 },
        headers: {
          ...{ 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
          ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
        },
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
