import type { NodeReport } from './rollout-facts.ts'

/** How far the joined nodes are with a version. */
export type NodeReadiness =
  | { readonly type: 'ready' }
  | { readonly type: 'waiting' }
  | { readonly type: 'error'; readonly node: string; readonly detail: string }
  | { readonly type: 'late'; readonly nodes: readonly string[] }

/**
 * Ready only when at least one node has joined and every joined one has the version available.
 *
 * A node is late when it had `timeoutMs` since it joined or the step began, whichever came later.
 */
export function nodeReadiness(
  nodes: readonly NodeReport[],
  clock: { readonly nowMs: number; readonly sinceMs: number; readonly timeoutMs: number },
): NodeReadiness {
  const broken = nodes.find((node) => node.state === 'error')
  if (broken) return { type: 'error', node: broken.node, detail: broken.detail ?? 'no reason given' }
  const behind = nodes.filter((node) => node.state !== 'available')
  if (behind.length === 0) return { type: nodes.length > 0 ? 'ready' : 'waiting' }
  const late = behind.filter(
    (node) => clock.nowMs - Math.max(node.joinedAtMs, clock.sinceMs) >= clock.timeoutMs,
  )
  if (late.length === 0) return { type: 'waiting' }
  return { type: 'late', nodes: late.map((node) => node.node) }
}
