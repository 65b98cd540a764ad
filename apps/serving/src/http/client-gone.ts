import type { CancelListener, CancelSignal } from '@understudy/core'

/** Tells once that the client has gone. Costs a request nothing until then, unlike an `AbortSignal`. */
export class ClientGone implements CancelSignal {
  /** One is the normal case. */
  #first: CancelListener | undefined
  #further: readonly CancelListener[] = NONE
  #aborted = false

  get aborted(): boolean {
    return this.#aborted
  }

  addEventListener(_type: 'abort', listener: CancelListener): void {
    if (this.#first === undefined && this.#further.length === 0) this.#first = listener
    else this.#further = [...this.#further, listener]
  }

  removeEventListener(_type: 'abort', listener: CancelListener): void {
    if (this.#first === listener) this.#first = undefined
    else if (this.#further.includes(listener)) {
      this.#further = this.#further.filter((other) => other !== listener)
    }
  }

  /** Tells everyone who listens, in the order in which they began to. Further calls change nothing. */
  abort(): void {
    if (this.#aborted) return
    this.#aborted = true
    const listeners = this.#first === undefined ? this.#further : [this.#first, ...this.#further]
    this.#first = undefined
    this.#further = NONE
    for (const listener of listeners) {
      if (typeof listener === 'function') listener()
      else listener.handleEvent()
    }
  }
}

const NONE: readonly CancelListener[] = []
