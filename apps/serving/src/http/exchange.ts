import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServedBy } from '@understudy/core'
import type { ByteLease } from './byte-budget.ts'

/** One HTTP request on its way through the server. */
export interface Exchange {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly method: string
  /** Path without the query. */
  readonly path: string
  readonly requestId: string
  /** Milliseconds since the epoch, with fractions. */
  readonly startMs: number
  readonly lease: ByteLease
  /** Aborts when the client goes away before it has its answer. */
  readonly signal: AbortSignal
  /** Who answers, as soon as it is known: errors carry it too. */
  servedBy: ServedBy | undefined
}

/** What goes back: written with one head and one end. */
export interface Answer {
  readonly status: number
  readonly body: string
}
