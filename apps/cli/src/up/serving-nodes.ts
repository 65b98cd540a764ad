import { isLoopbackHost, PlatformError } from '@understudy/core'
import type { BackendNode } from '../balancer/node-table.ts'
import type { CliEnvironment } from '../env.ts'

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

/**
 * Several nodes are for tests and demonstrations on one machine: the balancer before them knows no TLS and listens on loopback.
 *
 * @throws PlatformError `up.invalid_option`
 */
export function checkNodeCount(
  nodes: number,
  { tls, restHost }: Pick<CliEnvironment, 'tls' | 'restHost'>,
): void {
  if (nodes === 1 || (tls === undefined && isLoopbackHost(restHost))) return
  const variable = tls === undefined ? 'UNDERSTUDY_REST_HOST' : 'UNDERSTUDY_TLS_CERT_FILE'
  throw new PlatformError(
    'up.invalid_option',
    `Several nodes on one machine answer on loopback, without TLS: leave out --nodes or ${variable}.`,
  )
}

/** One of several nodes: REST by the balancer, gRPC directly. */
export interface NodePlan extends BackendNode {
  readonly grpcPort: number
}

/** Plans of as many nodes as there are pairs of ports. */
export function planNodes(ports: readonly number[]): NodePlan[] {
  return Array.from({ length: ports.length / 2 }, (_, index) => {
    const [port = 0, grpcPort = 0] = ports.slice(2 * index)
    return { name: `serving-${index + 1}`, port, grpcPort }
  })
}

/** What one of several nodes has of its own in its environment. Memory that a person has set is for each node. */
export function nodeEnvironment(
  shared: Readonly<Record<string, string>>,
  node: NodePlan,
  count: number,
): Record<string, string> {
  return {
    UNDERSTUDY_MODEL_MEMORY_MIB: String(Math.floor(MODEL_MEMORY_MIB / count)),
    ...shared,
    UNDERSTUDY_NODE_NAME: node.name,
    UNDERSTUDY_REST_PORT: String(node.port),
    UNDERSTUDY_GRPC_PORT: String(node.grpcPort),
  }
}
