import { request } from 'node:http'
import { request as requestTls } from 'node:https'
import type { Clock } from '@understudy/core'

const PROBE_EVERY_MS = 150
const PROBE_TIMEOUT_MS = 5_000
const BODY_MAX_BYTES = 64 * 1024

export interface HttpAnswer {
  readonly status: number
  readonly body: string
}

/** Asks until the answer is 200; returns early, with false, when the signal aborts. */
export async function untilOk(
  ask: (signal: AbortSignal) => Promise<HttpAnswer>,
  options: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<boolean> {
  const { clock, signal } = options
  while (!signal.aborted) {
    const answer = await ask(signal).catch(() => undefined)
    if (answer?.status === 200) return true
    await clock.sleep(PROBE_EVERY_MS, signal)
  }
  return false
}

/** One request over a connection of its own, with a time limit; the body is cut at 64 KiB. */
export function ask(
  url: string,
  options: { readonly body?: string; readonly signal: AbortSignal },
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)])
    const isTls = url.startsWith('https:')
    // What is asked is our own process; its certificate is for the name by which others know it.
    const trust = isTls ? { rejectUnauthorized: false } : {}
    const call = (isTls ? requestTls : request)(
      url,
      { method: options.body === undefined ? 'GET' : 'POST', agent: false, signal, ...trust },
      (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          if (body.length < BODY_MAX_BYTES) body += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
        response.on('error', reject)
      },
    )
    call.on('error', reject).end(options.body)
  })
}
