/**
 * What was counted of one yes/no property of paired answers, D = candidate - baseline:
 * `nPlus` pairs where only the candidate shows it, `nMinus` where only the baseline does, `nZero` the rest.
 * A property of the pair itself (disagreement) counts as `nPlus` or `nZero`.
 */
export interface Counters {
  readonly nPlus: number
  readonly nZero: number
  readonly nMinus: number
}

/** Counters of one property of one gate, in one source and step. Cumulative, so that sums over nodes are counters again. */
export interface PropertyCounters extends Counters {
  readonly source: string
  readonly step: string
  readonly gate: string
  readonly property: string
  /** Value of the header that splits evidence; absent or empty where there is none. Segments are parts: their sum is the whole. */
  readonly segment?: string | undefined
}

export const NO_COUNTERS: Counters = { nPlus: 0, nZero: 0, nMinus: 0 }

/** The pairs behind the counters. */
export function pairsOf(counters: Counters): number {
  return counters.nPlus + counters.nZero + counters.nMinus
}

/** The sum, over nodes or steps. */
export function addCounters(all: readonly Counters[]): Counters {
  let [nPlus, nZero, nMinus] = [0, 0, 0]
  for (const counters of all) {
    nPlus += counters.nPlus
    nZero += counters.nZero
    nMinus += counters.nMinus
  }
  return { nPlus, nZero, nMinus }
}

/** The same shares at another number of pairs. The result need not be whole. */
export function scaleCounters(counters: Counters, factor: number): Counters {
  return {
    nPlus: counters.nPlus * factor,
    nZero: counters.nZero * factor,
    nMinus: counters.nMinus * factor,
  }
}
