/** Something that knows its place in one list; -1 while it is in none. */
export interface Slotted {
  slot: number
}

/**
 * Elements in no particular order; each comes and goes in one step, whatever the number of the others.
 *
 * A `Set` through which every request passes is a trap: each table that it outgrows points to the next one, so once one of them is old,
 * all that follow, and the requests in them, outlive every minor collection. Here nothing points onwards.
 */
export class SlotList<E extends Slotted> {
  readonly #elements: E[] = []

  get size(): number {
    return this.#elements.length
  }

  add(element: E): void {
    element.slot = this.#elements.length
    this.#elements.push(element)
  }

  /** False when the element was not there. */
  delete(element: E): boolean {
    const { slot } = element
    if (slot === -1) return false
    const last = this.#elements.pop()
    if (last !== undefined && last !== element) {
      this.#elements[slot] = last
      last.slot = slot
    }
    element.slot = -1
    return true
  }

  /** A copy: elements may come and go while it is looked through. */
  all(): readonly E[] {
    return this.#elements.slice()
  }
}
