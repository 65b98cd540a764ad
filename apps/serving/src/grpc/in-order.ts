/**
 * Writes answers in the order in which they were asked for, while several are worked on at once.
 *
 * Bounded by whoever adds: no more should be added while {@link isFull}; `onRoom` tells when it no longer is.
 */
export class InOrder {
  readonly #max: number
  readonly #write: (bytes: Uint8Array) => Promise<void>
  readonly #onRoom: () => void
  #written: Promise<void> = Promise.resolve()
  #inFlight = 0

  constructor(options: {
    readonly max: number
    /** Resolves when more may be written. Must not reject. */
    readonly write: (bytes: Uint8Array) => Promise<void>
    readonly onRoom: () => void
  }) {
    this.#max = options.max
    this.#write = options.write
    this.#onRoom = options.onRoom
  }

  get isFull(): boolean {
    return this.#inFlight >= this.#max
  }

  /** @param answer must not reject */
  add(answer: Promise<Uint8Array>): void {
    this.#inFlight += 1
    this.#written = this.#written.then(async () => {
      await this.#write(await answer)
      const wasFull = this.isFull
      this.#inFlight -= 1
      if (wasFull) this.#onRoom()
    })
  }

  /** Resolves when everything that was added is written. */
  async end(): Promise<void> {
    await this.#written
  }
}
