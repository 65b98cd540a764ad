interface Slot<T> {
  closed: boolean
  outcome: T | undefined
}

/**
 * Lets what was admitted count in order of admission: an outcome is handed on only when every slot before it is closed.
 *
 * Bounded: {@link OrderedSlots.full} says when as many slots wait as may. What was handed on is let go.
 */
export class OrderedSlots<T> {
  readonly #capacity: number
  readonly #count: (outcome: T) => void
  #open: Slot<T>[] = []
  #first = 0

  constructor(capacity: number, count: (outcome: T) => void) {
    this.#capacity = capacity
    this.#count = count
  }

  /** Whether as many slots wait as may. */
  get full(): boolean {
    return this.#open.length - this.#first >= this.#capacity
  }

  /** Takes the next place. The function that it returns closes it, and says whether it did: what is said later has no effect. */
  admit(): (outcome: T) => boolean {
    const slot: Slot<T> = { closed: false, outcome: undefined }
    this.#open.push(slot)
    return (outcome) => {
      if (slot.closed) return false
      slot.closed = true
      slot.outcome = outcome
      this.#advance()
      return true
    }
  }

  #advance(): void {
    for (let next = this.#open[this.#first]; next?.closed; next = this.#open[this.#first]) {
      const outcome = next.outcome as T
      next.outcome = undefined
      this.#first++
      this.#count(outcome)
    }
    if (this.#first > 1_024 && this.#first * 2 > this.#open.length) {
      this.#open = this.#open.slice(this.#first)
      this.#first = 0
    }
  }
}
