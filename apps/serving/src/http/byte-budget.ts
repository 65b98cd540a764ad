import { PlatformError } from '@understudy/core'

/** Bounds how many bytes of bodies are held at once. What is taken is given back through the same lease, once. */
export class ByteBudget {
  readonly #maxBytes: number
  #usedBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  /** @throws PlatformError `serving.queue_full` */
  take(sizeBytes: number): void {
    if (this.#usedBytes + sizeBytes > this.#maxBytes) {
      throw new PlatformError(
        'serving.queue_full',
        'This node holds as much request data as it may; send the request again.',
      )
    }
    this.#usedBytes += sizeBytes
  }

  giveBack(sizeBytes: number): void {
    this.#usedBytes -= sizeBytes
  }
}

/** What one request holds of the budget. */
export class ByteLease {
  readonly #budget: ByteBudget
  #takenBytes = 0

  constructor(budget: ByteBudget) {
    this.#budget = budget
  }

  /** @throws PlatformError `serving.queue_full` */
  take(sizeBytes: number): void {
    this.#budget.take(sizeBytes)
    this.#takenBytes += sizeBytes
  }

  release(): void {
    this.#budget.giveBack(this.#takenBytes)
    this.#takenBytes = 0
  }
}
