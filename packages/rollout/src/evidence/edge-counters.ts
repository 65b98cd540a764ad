import { addCounters, type Counters, type PropertyCounters, pairsOf } from './counters.ts'
import { LATENCY_EDGES_MS, latencyProperty } from './latency-edges.ts'

/** One edge of the grid with what was counted on it. */
export interface EdgeCounters {
  readonly property: string
  readonly counters: Counters
}

/**
 * The whole grid out of rows that name only edges on which some pair disagreed: on any other edge of a node all its pairs agreed.
 *
 * @param rows of one gate and source; rows of several nodes and steps are summed. Properties that are no edge are left out.
 */
export function addEdges(rows: readonly PropertyCounters[]): readonly EdgeCounters[] {
  const byEdge = new Map<string, Counters[]>()
  for (const row of rows) {
    const known = byEdge.get(row.property)
    if (known) known.push(row)
    else byEdge.set(row.property, [row])
  }
  const edges = LATENCY_EDGES_MS.map(latencyProperty).map((property) => ({
    property,
    counters: addCounters(byEdge.get(property) ?? []),
  }))
  // Every node names the first edge, so there all pairs are counted, and elsewhere at most as many.
  const pairs = Math.max(...edges.map(({ counters }) => pairsOf(counters)))
  return edges.map(({ property, counters }) => ({
    property,
    counters: { ...counters, nZero: counters.nZero + pairs - pairsOf(counters) },
  }))
}
