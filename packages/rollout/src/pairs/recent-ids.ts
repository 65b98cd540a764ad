/**
 * Remembers at least the last `capacity` ids, at most twice as many, in bounded memory.
 *
 * Keeps two generations: when the younger is full, the older is forgotten.
 */
export class RecentIds {
  readonly #capacity: number
  #young = new Set<number>()
  #old = new Set<number>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** Adds an id (as its hash); false when it is remembered already. */
  add(id: number): boolean {
    if (this.#young.has(id) || this.#old.has(id)) return false
    if (this.#young.size >= this.#capacity) {
      this.#old = this.#young
      this.#young = new Set()
    }
    this.#young.add(id)
    return true
  }
}
