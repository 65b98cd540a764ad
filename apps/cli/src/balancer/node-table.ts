import { chooseNode } from './choose-node.ts'
import { NOT_SEEN_YET, type NodeSighting, nextReadiness, type Readiness } from './next-readiness.ts'

/** One serving node of this machine. */
export interface BackendNode {
  readonly name: string
  readonly port: number
}

/** A place on a node; it counts as a connection until it is given back. */
export interface NodePlace {
  readonly node: BackendNode
  /** Idempotent. */
  readonly giveBack: () => void
}

interface Entry {
  readonly node: BackendNode
  readiness: Readiness
  connections: number
}

/** Which nodes there are, which of them get new connections, and how many each has. */
export class NodeTable {
  readonly #entries: readonly Entry[]
  readonly #onTurn: (node: BackendNode, ready: boolean, because: NodeSighting) => void
  readonly #waiting = new Set<() => void>()
  #last = -1

  /** @param onTurn hears of each node that goes out or comes in */
  constructor(
    nodes: readonly BackendNode[],
    onTurn: (node: BackendNode, ready: boolean, because: NodeSighting) => void = () => undefined,
  ) {
    this.#entries = nodes.map((node) => ({ node, readiness: NOT_SEEN_YET, connections: 0 }))
    this.#onTurn = onTurn
  }

  get nodes(): readonly BackendNode[] {
    return this.#entries.map(({ node }) => node)
  }

  /** Takes what a probe or an attempt to connect has shown. */
  sighted(node: BackendNode, seen: NodeSighting): void {
    const entry = this.#entries.find((one) => one.node === node)
    if (!entry) return
    const before = entry.readiness.ready
    entry.readiness = nextReadiness(entry.readiness, seen)
    const { ready } = entry.readiness
    if (ready === before) return
    this.#onTurn(node, ready, seen)
    if (!ready) return
    for (const go of this.#waiting) go()
    this.#waiting.clear()
  }

  /** A place on the ready node with the fewest connections; undefined when no node is ready. */
  take(): NodePlace | undefined {
    const loads = this.#entries.map(({ readiness, connections }) => ({ ready: readiness.ready, connections }))
    const index = chooseNode(loads, this.#last)
    const entry = index === undefined ? undefined : this.#entries[index]
    if (index === undefined || !entry) return undefined
    this.#last = index
    entry.connections += 1
    let held = true
    const giveBack = () => {
      if (held) entry.connections -= 1
      held = false
    }
    return { node: entry.node, giveBack }
  }

  /** Resolves when a node comes in, or the signal aborts. */
  nextReady(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve()
        return
      }
      const go = () => {
        signal.removeEventListener('abort', stop)
        resolve()
      }
      const stop = () => {
        this.#waiting.delete(go)
        resolve()
      }
      this.#waiting.add(go)
      signal.addEventListener('abort', stop, { once: true })
    })
  }
}
