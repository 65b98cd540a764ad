import { type PlatformError, toPlatformError } from '@understudy/core'
import type { PairedRun, RunTicket } from '../mirror-sink.ts'

/** Guarantees the sink exactly one call per ticket, and the data plane that a broken sink breaks nothing else. */
export class OnceTicket implements RunTicket {
  readonly #ticket: RunTicket
  readonly #onEnd: (outcome: 'settled' | 'lost') => void
  readonly #onError: (error: PlatformError) => void
  #ended = false

  constructor(
    ticket: RunTicket,
    events: {
      readonly ended: (outcome: 'settled' | 'lost') => void
      readonly failed: (error: PlatformError) => void
    },
  ) {
    this.#ticket = ticket
    this.#onEnd = events.ended
    this.#onError = events.failed
  }

  get ended(): boolean {
    return this.#ended
  }

  settle(run: PairedRun): void {
    this.#end('settled', () => this.#ticket.settle(run))
  }

  lose(): void {
    this.#end('lost', () => this.#ticket.lose())
  }

  #end(outcome: 'settled' | 'lost', tell: () => void): void {
    if (this.#ended) return
    this.#ended = true
    try {
      tell()
    } catch (error) {
      this.#onError(toPlatformError(error))
    }
    this.#onEnd(outcome)
  }
}
