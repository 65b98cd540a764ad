import { PlatformError } from '@understudy/core'
import type { BackendNode } from '../balancer/node-table.ts'

export const NODES_MAX = 16

/** What one node takes when nobody says otherwise; several share it, since each holds every model. */
const MODEL_MEMORY_MIB = 8_192

/**
 * Reads the number of serving nodes.
 *
 * @throws PlatformError `up.invalid_option`
 */
export function readNodeCount(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= 1 && count <= NODES_MAX) return count
  throw new PlatformError(
    'up.invalid_option',
    `--nodes is a whole number from 1 to ${NODES_MAX}, not "${text}".`,
  )
}

/** What one of several nodes has of its own in its environment. Memory that a person has set is for each node. */
export function nodeEnvironment(
  shared: Readonly<Record<string, string>>,
  node: BackendNode,
  count: number,
): Record<string, string> {
  return {
    UNDERSTUDY_MODEL_MEMORY_MIB: String(Math.floor(MODEL_MEMORY_MIB / count)),
    ...shared,
    UNDERSTUDY_NODE_NAME: node.name,
    UNDERSTUDY_REST_PORT: String(node.port),
  }
}
