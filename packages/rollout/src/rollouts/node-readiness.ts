import type { NodeReport } from './rollout-facts.ts'

/** How far the joined nodes are with a version. */
export type NodeReadiness =
  | { readonly type: 'ready' }
  | { readonly type: 'waiting' }
  /** No node has joined. */
  | { readonly type: 'none' }
  | { readonly type: 'error'; readonly node: string; readonly detail: string }
  | { readonly type: 'late'; readonly nodes: readonly string[] }

export interface ReadinessClock {
  readonly nowMs: number
  /** When the step began. */
  readonly sinceMs: number
  /** A node is late when it had so long since it joined or the step began, whichever came later. */
  readonly timeoutMs: number
  /** So long after the step began every node that is behind is late, however often it joined anew. */
  readonly atMostMs: number
}

/** Ready only when at least one node has joined and every joined one has the version available. */
export function nodeReadiness(nodes: readonly NodeReport[], clock: ReadinessClock): NodeReadiness {
  const broken = nodes.find((node) => node.state === 'error')
  if (broken) return { type: 'error', node: broken.node, detail: broken.detail ?? 'no reason given' }
  if (nodes.length === 0) return { type: 'none' }
  const behind = nodes.filter((node) => node.state !== 'available')
  if (behind.length === 0) return { type: 'ready' }
  const late = behind.filter((node) => clock.nowMs >= lateAtMs(node, clock))
  return late.length === 0 ? { type: 'waiting' } : { type: 'late', nodes: late.map(({ node }) => node) }
}

/** From when on a node that is behind is late. */
export function lateAtMs({ joinedAtMs }: NodeReport, clock: Omit<ReadinessClock, 'nowMs'>): number {
  const { sinceMs, timeoutMs, atMostMs } = clock
  return Math.min(Math.max(joinedAtMs, sinceMs) + timeoutMs, sinceMs + atMostMs)
}
