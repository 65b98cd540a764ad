/** What the choice depends on. */
export interface NodeLoad {
  readonly ready: boolean
  /** Connections that it has now. */
  readonly connections: number
}

/**
 * Chooses the ready node with the fewest connections; of equals the next in turn, so that short connections spread too.
 *
 * @param last index of the node that was chosen last; -1 when none was
 * @returns an index; undefined when no node is ready
 */
export function chooseNode(nodes: readonly NodeLoad[], last: number): number | undefined {
  let chosen: number | undefined
  let fewest = Number.POSITIVE_INFINITY
  for (let step = 1; step <= nodes.length; step++) {
    const index = (last + step) % nodes.length
    const node = nodes[index]
    if (!node?.ready || node.connections >= fewest) continue
    chosen = index
    fewest = node.connections
  }
  return chosen
}
