/** The segment of every value beyond the first ones. */
export const OTHER_SEGMENT = 'other'

const LENGTH_MAX = 100

/** Keeps the first `capacity` values of a header apart and counts the rest as {@link OTHER_SEGMENT}: values come from callers. */
export class SegmentNames {
  readonly #capacity: number
  readonly #known = new Set<string>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** The segment that a value counts in. A request without one is not held against the capacity. */
  nameOf(value: string): string {
    const name = cleaned(value)
    if (name === '' || name === OTHER_SEGMENT || this.#known.has(name)) return name
    if (this.#known.size >= this.#capacity) return OTHER_SEGMENT
    this.#known.add(name)
    return name
  }
}

/** Nothing that a database or a terminal does not take. */
function cleaned(value: string): string {
  return value
    .slice(0, LENGTH_MAX)
    .replace(/[\p{Cc}\p{Cs}]/gu, '\uFFFD')
    .trim()
}
