import { connect, type Socket } from 'node:net'
import type { NodeSighting } from './next-readiness.ts'

/** A connection, or what its failure shows of the node. */
export type ConnectOutcome = { readonly socket: Socket } | { readonly seen: NodeSighting }

/** Connects to a loopback port within a time. Never rejects; the socket has no listeners of ours left. */
export function connectToNode(port: number, timeoutMs: number): Promise<ConnectOutcome> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true })
    const fail = (error?: NodeJS.ErrnoException) => {
      socket.destroy()
      resolve({ seen: error?.code === 'ECONNREFUSED' ? 'refused' : 'silent' })
    }
    const late = () => fail()
    socket.once('error', fail)
    socket.setTimeout(timeoutMs).once('timeout', late)
    socket.once('connect', () => {
      socket.off('error', fail).off('timeout', late).setTimeout(0)
      resolve({ socket })
    })
  })
}
