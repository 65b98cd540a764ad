/** What holds a version on the nodes. */
export interface ServingNeeds {
  readonly live: number | null
  readonly previous: number | null
  /** The version in an open rollout. */
  readonly candidate: number | null
}

/** The versions a node shall hold loaded, ascending: live, previous (for rollback without a load), and the one in a rollout. */
export function planServing(needs: ServingNeeds): readonly number[] {
  const numbers = [needs.live, needs.previous, needs.candidate].filter((number) => number !== null)
  return [...new Set(numbers)].sort((a, b) => a - b)
}
