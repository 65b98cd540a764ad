import type { PropertyCounters } from '../evidence/counters.ts'

interface MutableCounters {
  nPlus: number
  nZero: number
  nMinus: number
}

/** D of one unit: only the candidate, both or neither, only the baseline. */
export type Difference = 1 | 0 | -1

/** What is counted of one property, as a key. */
export interface CounterKey {
  readonly gate: string
  readonly property: string
  readonly segment: string
}

/** Counters by gate, property and segment. As bounded as the keys that it is given. */
export class CounterTable {
  readonly #rows = new Map<string, { readonly key: CounterKey; readonly counters: MutableCounters }>()

  /** Counts one unit. */
  count(key: CounterKey, difference: Difference): void {
    const name = `${key.gate}\n${key.property}\n${key.segment}`
    let row = this.#rows.get(name)
    if (row === undefined) {
      row = { key, counters: { nPlus: 0, nZero: 0, nMinus: 0 } }
      this.#rows.set(name, row)
    }
    if (difference > 0) row.counters.nPlus++
    else if (difference < 0) row.counters.nMinus++
    else row.counters.nZero++
  }

  /** Everything counted so far, as of one source and step. */
  rows(source: string, step: string): readonly PropertyCounters[] {
    return [...this.#rows.values()].map(({ key, counters }) => ({ source, step, ...key, ...counters }))
  }
}
