/** With fewer, a second batch costs more than the wait for the first. */
const SIZE_MIN = 8
/** How much of the highest number is forgotten with each batch, so that a burst of long ago does not count. */
const FORGOTTEN = 1 / 16
/** About what the loop needs to read and answer one request. */
const LOOP_MS = 0.02

/** A batch that came back. */
export interface ReturnedBatch {
  /** Requests without an answer at this moment, its own among them. */
  readonly open: number
  readonly requests: number
  readonly runMs: number
}

/**
 * How many requests clients keep open at a time, and whether halving them makes sense.
 *
 * A model that is quicker than the loop is best given one half of them while the loop answers and reads the other. All in one batch,
 * loop and executor would wait for each other; in many small ones, the loop would mostly send batches. A slower model is the one to be
 * kept busy, so it gets what there is at once.
 */
export class Crowd {
  #size = 0
  #isHalved = false

  returned({ open, requests, runMs }: ReturnedBatch): void {
    this.#size = Math.max(open, this.#size * (1 - FORGOTTEN))
    this.#isHalved = this.#size >= SIZE_MIN && runMs < requests * LOOP_MS
  }

  /** So many wait and make up a half: they need not wait for more. */
  isHalf(waiting: number): boolean {
    return this.#isHalved && waiting * 2 >= this.#size
  }

  /** So many wait, and will be more once the loop has answered what it can. */
  isGrowing(waiting: number): boolean {
    return this.#isHalved && waiting * 2 < this.#size
  }
}
