import { addCounters, type PropertyCounters } from '../evidence/counters.ts'
import { addHistograms, type PropertyHistogram } from '../evidence/histogram.ts'
import type { Counted } from './analysis.ts'
import { coverageOf } from './coverage.ts'
import type { Observed, PairLoss } from './observed.ts'

/** Sums what several nodes saw: one row for each key, in an order of its own, so that the same evidence is the same value. */
export function countObserved(observed: Observed): Counted {
  return {
    counters: sumCounters(observed.counters),
    histograms: sumHistograms(observed.histograms),
    losses: sumLosses(observed.losses),
    coverage: coverageOf(observed.minutes),
    breach: observed.breach,
    elapsedMs: observed.elapsedMs,
    passed: observed.passed,
  }
}

function sumCounters(rows: readonly PropertyCounters[]): readonly PropertyCounters[] {
  return grouped(rows, ({ source, step, gate, property, segment = '' }) => [
    source,
    step,
    gate,
    property,
    segment,
  ]).map(([{ source, step, gate, property, segment = '' }, same]) => ({
    source,
    step,
    gate,
    property,
    segment,
    ...addCounters(same),
  }))
}

function sumHistograms(rows: readonly PropertyHistogram[]): readonly PropertyHistogram[] {
  return grouped(rows, ({ source, step, gate, property }) => [source, step, gate, property]).map(
    ([{ source, step, gate, property }, same]) => ({
      source,
      step,
      gate,
      property,
      bins: addHistograms(same.map(({ bins }) => bins)),
    }),
  )
}

function sumLosses(rows: readonly PairLoss[]): readonly PairLoss[] {
  return grouped(rows, ({ source, step }) => [source, step]).map(([{ source, step }, same]) => ({
    source,
    step,
    admitted: same.reduce((sum, row) => sum + row.admitted, 0),
    lost: same.reduce((sum, row) => sum + row.lost, 0),
  }))
}

/** Rows of the same key together, in the order of their keys. */
function grouped<T>(
  rows: readonly T[],
  keyOf: (row: T) => readonly string[],
): readonly (readonly [first: T, same: readonly T[]])[] {
  const groups = new Map<string, [T, T[]]>()
  for (const row of rows) {
    const key = JSON.stringify(keyOf(row))
    const group = groups.get(key)
    if (group) group[1].push(row)
    else groups.set(key, [row, [row]])
  }
  return [...groups].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, group]) => group)
}
