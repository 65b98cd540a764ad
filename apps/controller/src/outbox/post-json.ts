import type { SendOutcome } from './channel.ts'

export interface JsonPost {
  readonly url: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Statuses of an answer that says nothing about the message: another time it may be taken. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429])
const RETRY_AFTER_MS_MAX = 3_600_000

/**
 * Posts once and looks at the status alone: no redirect is followed, no byte of the answer is read. Never rejects, and names neither the
 * address nor what was sent.
 */
export async function postJson({ url, body, headers, timeoutMs, signal }: JsonPost): Promise<SendOutcome> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    })
    await response.body?.cancel().catch(() => undefined)
    return outcomeOf(response)
  } catch (error) {
    return { type: 'failed', reason: whyNoAnswer(error, timeoutMs), refused: false }
  }
}

function outcomeOf({ status, headers, ok }: Response): SendOutcome {
  if (ok) return { type: 'delivered' }
  const isRedirect = status >= 300 && status < 400
  const reason = `answered ${status}${isRedirect ? '; redirects are not followed' : ''}`
  const refused = status < 500 && !PASSING.has(status)
  return { type: 'failed', reason, refused, retryAfterMs: retryAfterMs(headers.get('retry-after')) }
}

function retryAfterMs(header: string | null): number | undefined {
  if (header === null || !/^\d{1,6}$/.test(header)) return undefined
  return Math.min(Number(header) * 1_000, RETRY_AFTER_MS_MAX)
}

/** A code such as ECONNREFUSED: texts of errors may hold the address. */
function whyNoAnswer(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'could not be sent'
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs / 1_000} s`
  if (error.name === 'AbortError') return 'interrupted'
  const { cause } = error
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' ? `could not be reached (${code})` : 'could not be reached'
}
