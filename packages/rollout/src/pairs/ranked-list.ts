interface Ranked<T> {
  readonly rank: number
  readonly item: T
}

/** Keeps the `capacity` items of the highest rank, highest first; of equal ones those that came first. */
export class RankedList<T> {
  readonly #capacity: number
  readonly #items: Ranked<T>[] = []

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** Adds the item that `make` gives, if its rank is high enough. */
  offer(rank: number, make: () => T): void {
    const last = this.#items[this.#capacity - 1]
    if (this.#capacity === 0 || (last !== undefined && last.rank >= rank)) return
    let low = 0
    let high = this.#items.length
    while (low < high) {
      const middle = (low + high) >> 1
      const other = this.#items[middle]
      if (other !== undefined && other.rank >= rank) low = middle + 1
      else high = middle
    }
    this.#items.splice(low, 0, { rank, item: make() })
    if (this.#items.length > this.#capacity) this.#items.pop()
  }

  items(): readonly T[] {
    return this.#items.map(({ item }) => item)
  }
}
