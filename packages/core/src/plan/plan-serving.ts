/** What holds a version on the nodes. */
export interface ServingNeeds {
  readonly live: number | null
  readonly previous: number | null
  /** The version in an open rollout. */
  readonly candidate: number | null
  /** What labels of the user's own point to, or are to point to. */
  readonly labelled: readonly number[]
}

/** The versions a node shall hold loaded, ascending: live, previous (for rollback without a load), the one in a rollout, labelled ones. */
export function planServing(needs: ServingNeeds): readonly number[] {
  const { live, previous, candidate, labelled } = needs
  const numbers = [live, previous, candidate, ...labelled].filter((number) => number !== null)
  return [...new Set(numbers)].sort((a, b) => a - b)
}
