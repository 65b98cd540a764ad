/** Upper bounds of buckets, ascending, and how each is written. The last bucket, above all bounds, has none. */
export class HistogramShape {
  readonly bounds: Float64Array
  readonly boundTexts: readonly string[]
  /** Numbers that one series takes in a slab: its buckets and its sum. */
  readonly slots: number

  constructor(bounds: readonly number[], write: (bound: number) => string = String) {
    this.bounds = Float64Array.from(bounds)
    this.boundTexts = bounds.map(write)
    this.slots = bounds.length + 2
  }

  /** Index of the first bucket whose bound is not below the value. */
  bucketOf(value: number): number {
    let low = 0
    let high = this.bounds.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.bounds[middle] ?? 0) < value) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Bounds `first`, `first * factor`, and so on. */
export function exponentialBounds(first: number, factor: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first * factor ** index)
}

/**
 * Counts of one histogram with one set of labels. They only grow; an observation allocates nothing.
 *
 * Several series may share one slab of memory, each at its own offset.
 */
export class HistogramSeries {
  readonly shape: HistogramShape
  readonly #slab: Float64Array
  readonly #offset: number
  readonly #sumAt: number

  constructor(shape: HistogramShape, slab = new Float64Array(shape.slots), offset = 0) {
    this.shape = shape
    this.#slab = slab
    this.#offset = offset
    this.#sumAt = offset + shape.slots - 1
  }

  /** Counts one value. What is no number, or below zero, is not counted. */
  observe(value: number): void {
    if (!(value >= 0)) return
    const slab = this.#slab
    const at = this.#offset + this.shape.bucketOf(value)
    slab[at] = (slab[at] ?? 0) + 1
    slab[this.#sumAt] = (slab[this.#sumAt] ?? 0) + value
  }

  get sum(): number {
    return this.#slab[this.#sumAt] ?? 0
  }

  /** Observations in all. */
  get count(): number {
    let count = 0
    for (let at = this.#offset; at < this.#sumAt; at += 1) count += this.#slab[at] ?? 0
    return count
  }

  /** Observations in one bucket; the last index is that of the values above all bounds. */
  bucketCount(index: number): number {
    return this.#slab[this.#offset + index] ?? 0
  }
}
