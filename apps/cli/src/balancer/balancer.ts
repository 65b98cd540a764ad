import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '@understudy/core'
import type { NodeTable } from './node-table.ts'
import { Tunnel, type TunnelLimits } from './tunnel.ts'
import { watchReadiness } from './watch-readiness.ts'

export interface BalancerLimits extends TunnelLimits {
  /** Clients at a time; what comes beyond is closed at once. */
  readonly maxConnections: number
}

const DEFAULT_BALANCER_LIMITS: BalancerLimits = {
  maxConnections: 4_096,
  firstByteTimeoutMs: 60_000,
  nodeWaitMs: 3_000,
  connectTimeoutMs: 1_000,
  lingerMs: 5_000,
}

export interface BalancerOptions {
  /** Port on 127.0.0.1. */
  readonly port: number
  readonly table: NodeTable
  readonly clock: Clock
  readonly limits?: Partial<BalancerLimits>
}

/**
 * Spreads TCP connections over the serving nodes of this machine that are ready: each new one goes to the node with the fewest, and
 * stays there. A node that drains gets no new ones and keeps what it has.
 *
 * A tool for tests and demonstrations: it knows nothing of HTTP, and what a node had been sent when it crashed is lost.
 */
export class Balancer {
  readonly #options: BalancerOptions
  readonly #server: Server
  readonly #tunnels = new Set<Tunnel>()
  readonly #stop = new AbortController()
  #watching: Promise<void> = Promise.resolve()
  #closed: Promise<{ readonly cutConnections: number }> | undefined

  constructor(options: BalancerOptions) {
    this.#options = options
    const limits = { ...DEFAULT_BALANCER_LIMITS, ...options.limits }
    const { table, clock } = options
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client: Socket) => {
      const tunnel = new Tunnel(client, { table, limits, clock }, () => this.#tunnels.delete(tunnel))
      this.#tunnels.add(tunnel)
    })
    this.#server.maxConnections = limits.maxConnections
  }

  /** Watches the nodes and accepts connections from now on. Rejects with Node's error when the port is taken. */
  listen(): Promise<void> {
    const { table, clock, port } = this.#options
    this.#watching = watchReadiness(table, { clock, signal: this.#stop.signal })
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host: '127.0.0.1', port }, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
  }

  /**
   * Accepts no more and resolves when every connection has ended; those that have not by the deadline are cut and counted.
   * Idempotent.
   */
  close(options: { readonly deadlineMs: number }): Promise<{ readonly cutConnections: number }> {
    this.#closed ??= this.#end(options.deadlineMs)
    return this.#closed
  }

  async #end(deadlineMs: number): Promise<{ readonly cutConnections: number }> {
    const ended = new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
    for (const tunnel of this.#tunnels) tunnel.endIfIdle()
    const early = new AbortController()
    let cutConnections = 0
    const deadline = this.#options.clock.sleep(deadlineMs, early.signal).then(() => {
      if (early.signal.aborted) return
      cutConnections = this.#tunnels.size
      for (const tunnel of this.#tunnels) tunnel.cut()
    })
    await ended
    early.abort()
    await deadline
    this.#stop.abort()
    await this.#watching
    return { cutConnections }
  }
}
