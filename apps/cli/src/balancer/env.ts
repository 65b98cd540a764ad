import type { BackendNode } from './node-table.ts'

/** Everything that the balancer takes from its environment. */
export interface BalancerEnvironment {
  /** Where clients come in. */
  readonly port: number
  readonly nodes: readonly BackendNode[]
  readonly logLevel: string
  readonly parentPipe: boolean
}

/** How the nodes stand in `UNDERSTUDY_BALANCER_NODES`: `serving-1=40001,serving-2=40002`. */
export function formatNodes(nodes: readonly BackendNode[]): string {
  return nodes.map(({ name, port }) => `${name}=${port}`).join(',')
}

/** Reads the environment that `understudy up` gives its balancer. Fails with one sentence about what is wrong. */
export function readBalancerEnvironment(source: NodeJS.ProcessEnv = process.env): BalancerEnvironment {
  const nodes = (source.UNDERSTUDY_BALANCER_NODES ?? '').split(',').filter(Boolean).map(readNode)
  if (nodes.length === 0) throw new Error('UNDERSTUDY_BALANCER_NODES names no node')
  return {
    port: readPort('UNDERSTUDY_REST_PORT', source.UNDERSTUDY_REST_PORT),
    nodes,
    logLevel: source.LOG_LEVEL || 'info',
    parentPipe: source.UNDERSTUDY_PARENT_PIPE === '1',
  }
}

function readNode(text: string): BackendNode {
  const [name = '', port] = text.split('=')
  return { name, port: readPort('UNDERSTUDY_BALANCER_NODES', port) }
}

function readPort(variable: string, text = ''): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port
  throw new Error(`${variable}: "${text}" is no port`)
}
