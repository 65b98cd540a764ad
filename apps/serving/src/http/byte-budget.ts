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

  lease(): ByteLease {
    let taken = 0
    return {
      take: (sizeBytes) => {
        if (this.#usedBytes + sizeBytes > this.#maxBytes) {
          throw new PlatformError(
            'serving.queue_full',
            'This node holds as much request data as it may; send the request again.',
          )
        }
        taken += sizeBytes
        this.#usedBytes += sizeBytes
      },
      release: () => {
        this.#usedBytes -= taken
        taken = 0
      },
    }
  }
}

export interface ByteLease {
  /** @throws PlatformError `serving.queue_full` */
  take(sizeBytes: number): void
  release(): void
}
