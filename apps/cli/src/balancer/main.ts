import { systemClock } from '@understudy/core'
import { createLogger, onShutdown } from '@understudy/telemetry'
import { Balancer } from './balancer.ts'
import { readBalancerEnvironment } from './env.ts'
import { NodeTable } from './node-table.ts'

/** Connections end with their nodes, which `up` stops first: this is for those that a client keeps open. */
const CONNECTIONS_END_WITHIN_MS = 5_000

const env = readBalancerEnvironment()
const logger = createLogger({ name: 'balancer', level: env.logLevel })
const table = new NodeTable(env.nodes, (node, ready, seen) => {
  const text = ready ? 'a node takes connections' : 'a node takes no new connections'
  logger.info({ node: node.name, port: node.port, seen }, text)
})
const balancer = new Balancer({ port: env.port, table, clock: systemClock })
await balancer.listen()
logger.info({ event: 'ready', port: env.port, nodes: env.nodes.length }, 'balancer listens')

onShutdown(
  async () => {
    const { cutConnections } = await balancer.close({ deadlineMs: CONNECTIONS_END_WITHIN_MS })
    if (cutConnections > 0) logger.warn({ cutConnections }, 'connections were still open and were cut')
  },
  { parentPipe: env.parentPipe, deadlineMs: CONNECTIONS_END_WITHIN_MS + 2_000 },
)
