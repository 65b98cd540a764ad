import { EventBus } from '../manager/event-bus.ts'

/** Calls its listeners once per tick in which something changed, after that tick's changes. */
export class ChangeNotice {
  readonly #bus: EventBus<void>
  #isQueued = false

  constructor(onListenerError: (error: unknown) => void) {
    this.#bus = new EventBus(onListenerError)
  }

  /** Returns the function that ends it. */
  subscribe(listener: () => void): () => void {
    return this.#bus.subscribe(listener)
  }

  /** Something changed. */
  tell(): void {
    if (this.#isQueued) return
    this.#isQueued = true
    queueMicrotask(() => {
      this.#isQueued = false
      this.#bus.publish()
    })
  }
}
