import type { Socket } from 'node:net'
import type { Clock } from '@understudy/core'
import { connectToNode } from './connect-to-node.ts'
import type { NodeTable } from './node-table.ts'

export interface TunnelLimits {
  /** A client that says nothing for this long is let go. */
  readonly firstByteTimeoutMs: number
  /** How long a client waits for a node while none is ready. */
  readonly nodeWaitMs: number
  readonly connectTimeoutMs: number
  /** How long a client may keep its side open, idle, after the node has closed. */
  readonly lingerMs: number
}

export interface TunnelParts {
  readonly table: NodeTable
  readonly limits: TunnelLimits
  readonly clock: Clock
}

/**
 * One client's connection and the one to the node that answers it, joined byte by byte, with backpressure, half-closes and resets
 * passed on.
 *
 * The node is chosen when the first bytes of the client are there, and another one is tried as long as none of them was sent on.
 */
export class Tunnel {
  readonly #client: Socket
  readonly #parts: TunnelParts
  readonly #whenOver: () => void
  /** Whether the client has sent something that may still be answered. */
  #hasHope = false

  /** @param whenOver called once, when both connections are gone */
  constructor(client: Socket, parts: TunnelParts, whenOver: () => void) {
    this.#client = client
    this.#parts = parts
    this.#whenOver = whenOver
    client.on('error', () => undefined)
    void this.#run()
  }

  /** Lets a client go that has sent nothing yet, or waits for a node while none is ready. */
  endIfIdle(): void {
    if (!this.#hasHope) this.#client.destroy()
  }

  /** Ends it, whatever is on its way. */
  cut(): void {
    this.#client.destroy()
  }

  async #run(): Promise<void> {
    if (await this.#firstBytes()) {
      this.#hasHope = true
      if (await this.#reachNode()) return
    }
    this.#client.destroy()
    this.#whenOver()
  }

  #firstBytes(): Promise<boolean> {
    const client = this.#client
    const late = () => client.destroy()
    client.setTimeout(this.#parts.limits.firstByteTimeoutMs).once('timeout', late)
    return new Promise((resolve) => {
      const settle = () => {
        client.off('readable', settle).off('close', settle).off('timeout', late).setTimeout(0)
        resolve(client.readableLength > 0)
      }
      client.on('readable', settle).on('close', settle)
    })
  }

  /** False when there was no node in time, or the client has left. */
  async #reachNode(): Promise<boolean> {
    const { table, limits, clock } = this.#parts
    const deadline = clock.monotonicMs() + limits.nodeWaitMs
    while (!this.#client.destroyed && clock.monotonicMs() < deadline) {
      const place = table.take()
      if (!place) {
        await this.#nextReady(deadline - clock.monotonicMs())
        continue
      }
      const outcome = await connectToNode(place.node.port, limits.connectTimeoutMs)
      if ('socket' in outcome) {
        outcome.socket.once('close', place.giveBack)
        this.#join(outcome.socket)
        return true
      }
      place.giveBack()
      table.sighted(place.node, outcome.seen)
    }
    return false
  }

  async #nextReady(withinMs: number): Promise<void> {
    const { table, clock } = this.#parts
    const [late, done] = [new AbortController(), new AbortController()]
    void clock.sleep(withinMs, done.signal).then(() => late.abort())
    this.#hasHope = false
    await table.nextReady(late.signal)
    this.#hasHope = true
    done.abort()
  }

  #join(node: Socket): void {
    const client = this.#client
    node.on('error', () => undefined)
    node.once('close', (failed) => {
      if (failed && !node.readableEnded) client.resetAndDestroy()
      // What the client still sends has no reader; what it was answered still goes out.
      else client.resume()
      if (client.closed) this.#whenOver()
      else client.once('close', this.#whenOver)
    })
    if (client.destroyed) {
      node.destroy()
      return
    }
    client.once('close', (failed) => (failed ? node.resetAndDestroy() : node.destroy()))
    node.once('end', () => client.setTimeout(this.#parts.limits.lingerMs, () => client.destroy()))
    client.pipe(node)
    node.pipe(client)
  }
}
