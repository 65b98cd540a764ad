import type { CancelSignal } from '@understudy/core'

/** Tells once that the client has gone. Costs a request nothing until then, unlike an `AbortSignal`. */
export class ClientGone implements CancelSignal {
  #listeners: (() => void)[] | undefined
  #aborted = false

  get aborted(): boolean {
    return this.#aborted
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners ??= []
    this.#listeners.push(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const at = this.#listeners?.indexOf(listener) ?? -1
    if (at !== -1) this.#listeners?.splice(at, 1)
  }

  /** Tells everyone who listens, in the order in which they began to. Further calls change nothing. */
  abort(): void {
    if (this.#aborted) return
    this.#aborted = true
    const listeners = this.#listeners
    this.#listeners = undefined
    for (const listener of listeners ?? []) listener()
  }
}
