import { request } from 'node:http'
import type { Clock } from '@understudy/core'
import type { NodeSighting } from './next-readiness.ts'
import type { BackendNode, NodeTable } from './node-table.ts'

/** A node that drains accepts for 250 ms more: it must have been seen by then. */
const PROBE_EVERY_MS = 100
const PROBE_TIMEOUT_MS = 1_000

/** Keeps a table up to date by asking every node whether it is ready, until the signal aborts. */
export async function watchReadiness(
  table: NodeTable,
  options: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const { clock, signal } = options
  const watch = async (node: BackendNode) => {
    while (!signal.aborted) {
      table.sighted(node, await sight(node.port, signal))
      await clock.sleep(PROBE_EVERY_MS, signal)
    }
  }
  await Promise.all(table.nodes.map(watch))
}

/** One question over a connection of its own: a node may hold idle ones open although it listens no more. */
function sight(port: number, signal: AbortSignal): Promise<NodeSighting> {
  return new Promise((resolve) => {
    const call = request(
      { host: '127.0.0.1', port, path: '/v2/health/ready', agent: false, timeout: PROBE_TIMEOUT_MS, signal },
      (response) => {
        response.resume().on('error', () => undefined)
        resolve(response.statusCode === 200 ? 'ready' : 'notReady')
      },
    )
    call.on('timeout', () => call.destroy())
    call.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code === 'ECONNREFUSED' ? 'refused' : 'silent')
    })
    call.end()
  })
}
