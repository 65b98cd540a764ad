const FIRST_EDGE_MS = 0.02
const LAST_EDGE_MS = 20_000
const RATIO = 1.2

/**
 * Run times at which two versions are compared: one fixed geometric grid for every model and node, so that counters of different
 * nodes and weeks can be added. Each edge is rounded to three digits.
 */
export const LATENCY_EDGES_MS: readonly number[] = gridOf(FIRST_EDGE_MS, LAST_EDGE_MS)

function gridOf(first: number, last: number): readonly number[] {
  const edges: number[] = []
  for (let edge = first; (edges.at(-1) ?? 0) < last; edge *= RATIO) edges.push(Number(edge.toPrecision(3)))
  return edges
}

/** The property that counts runs longer than an edge: the edge in milliseconds, as text. */
export function latencyProperty(edgeMs: number): string {
  return String(edgeMs)
}

/** The edge of a property of {@link latencyProperty}. */
export function edgeOf(property: string): number {
  return Number(property)
}
