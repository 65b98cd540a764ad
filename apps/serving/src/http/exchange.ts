import type { ServedBy } from '@understudy/core'
import type { ByteLease } from './byte-budget.ts'
import { ClientGone } from './client-gone.ts'
import type { RequestSide, Wire } from './wire.ts'

/** One HTTP request on its way through the server. */
export class Exchange {
  readonly req: RequestSide
  readonly wire: Wire
  readonly method: string
  /** Path without the query. */
  readonly path: string
  readonly requestId: string
  /** When it arrived: milliseconds since the epoch, with fractions. */
  readonly startMs: number
  readonly lease: ByteLease
  /** Tells when the client goes away before it has its answer. */
  readonly gone = new ClientGone()
  /** Who answers, as soon as it is known: errors carry it too. */
  servedBy: ServedBy | undefined
  #controller: AbortController | undefined

  constructor(
    req: RequestSide,
    wire: Wire,
    known: { readonly requestId: string; readonly startMs: number; readonly lease: ByteLease },
  ) {
    const { method = 'GET', url = '/' } = req
    const query = url.indexOf('?')
    this.req = req
    this.wire = wire
    this.method = method
    this.path = query === -1 ? url : url.slice(0, query)
    this.requestId = known.requestId
    this.startMs = known.startMs
    this.lease = known.lease
  }

  /** {@link gone} for those who need a whole `AbortSignal`; made when first asked for. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController()
      this.#controller = controller
      if (this.gone.aborted) controller.abort()
      else this.gone.addEventListener('abort', () => controller.abort())
    }
    return this.#controller.signal
  }

  /** The response has ended, with or without its answer. */
  end(isAnswered: boolean): void {
    this.lease.release()
    if (!isAnswered) this.gone.abort()
  }
}

/** What goes back: written with one head and one end. */
export interface Answer {
  readonly status: number
  readonly body: string | Uint8Array
}
