import type { AlignedOutput, Values } from './aligned-output.ts'
import { equalComparator } from './equal.ts'
import { NO_MEASURE, type RowComparator } from './row-comparator.ts'

/**
 * Agrees when both versions choose the same k classes, in any order, along the last axis of the row, for every vector of it; of equal
 * scores the first are chosen. A vector with NaN chooses nothing and agrees only with one that chooses nothing. Where there are no more
 * than k classes there is nothing to choose, so there the elements must be equal.
 *
 * Magnitude: the share of the k classes that the other does not choose.
 */
export function topKComparator(k: number): RowComparator {
  const [baseline, candidate] = [new Chosen(k), new Chosen(k)]
  const differing = (output: AlignedOutput, from: number): number => {
    const left = baseline.choose(output.baseline as ArrayLike<number>, from, output.lastAxis)
    const right = candidate.choose(output.candidate as ArrayLike<number>, from, output.lastAxis)
    if (left && right) return baseline.differingFrom(candidate) / k
    return left === right ? 0 : NO_MEASURE
  }
  return {
    agrees(output, row) {
      const { rowSize, lastAxis } = output
      if (lastAxis <= k) return equalComparator.agrees(output, row)
      const to = (row + 1) * rowSize
      for (let at = row * rowSize; at < to; at += lastAxis) if (differing(output, at) > 0) return false
      return true
    },
    magnitude(output, row) {
      const { rowSize, lastAxis } = output
      if (lastAxis <= k) return equalComparator.magnitude(output, row)
      const to = (row + 1) * rowSize
      let greatest = 0
      for (let at = row * rowSize; at < to; at += lastAxis)
        greatest = Math.max(greatest, differing(output, at))
      return greatest
    },
  }
}

/** The k greatest of a vector, in memory that is taken once: a heap whose root is the first to give way. */
class Chosen {
  readonly #places: Int32Array
  #values: ArrayLike<number> = []
  #from = 0

  constructor(k: number) {
    this.#places = new Int32Array(k)
  }

  /** Chooses among `length` values, more than k; false when one of them is NaN. */
  choose(values: Values & ArrayLike<number>, from: number, length: number): boolean {
    this.#values = values
    this.#from = from
    const k = this.#places.length
    for (let place = 0; place < length; place++) {
      if (Number.isNaN(values[from + place])) return false
      if (place < k) {
        this.#places[place] = place
        if (place === k - 1) for (let at = (k >> 1) - 1; at >= 0; at--) this.#sink(at)
      } else if (this.#value(place) > this.#value(this.#places[0] ?? 0)) {
        this.#places[0] = place
        this.#sink(0)
      }
    }
    this.#places.sort()
    return true
  }

  /** How many of the chosen the other has not. */
  differingFrom(other: Chosen): number {
    let [shared, left, right] = [0, 0, 0]
    while (left < this.#places.length && right < other.#places.length) {
      const difference = (this.#places[left] ?? 0) - (other.#places[right] ?? 0)
      if (difference === 0) shared++
      if (difference <= 0) left++
      if (difference >= 0) right++
    }
    return this.#places.length - shared
  }

  #value(place: number): number {
    return this.#values[this.#from + place] ?? 0
  }

  /** Whether the one place gives way before the other: the smaller value, of equal ones the later. */
  #before(left: number, right: number): boolean {
    const difference = this.#value(left) - this.#value(right)
    return difference < 0 || (difference === 0 && left > right)
  }

  #sink(start: number): void {
    const places = this.#places
    for (let at = start; ; ) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < places.length && this.#before(places[child] ?? 0, places[least] ?? 0)) least = child
      }
      if (least === at) return
      const moved = places[at] ?? 0
      places[at] = places[least] ?? 0
      places[least] = moved
      at = least
    }
  }
}
