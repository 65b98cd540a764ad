import type { Socket } from 'node:net'
import type { Exchange } from '../exchange.ts'
import { type ConnectionHost, PlainConnection } from './plain-connection.ts'
import type { PlainTurn } from './plain-turn.ts'

export interface PlainConnectionsOptions {
  readonly keepAliveTimeoutMs: number
  readonly headersTimeoutMs: number
  readonly open: (turn: PlainTurn) => Exchange
  readonly begin: (exchange: Exchange) => void
  readonly ended: (exchange: Exchange, isAnswered: boolean) => void
  /** Has Node's server take a socket. */
  readonly serve: (socket: Socket) => void
}

const LOOK_EVERY_MAX_MS = 1_000
const LOOK_EVERY_MIN_MS = 20
/** Node's limits say how slow a body may be. This is only how long it may be on its way before they count. */
const BODY_WITHIN_MS = 1_000
/** As Node has it: the client's clock may be a little behind. */
const KEEP_ALIVE_GRACE_MS = 1_000

/** All connections whose requests are plain. Looks at them now and then: none waits longer for a client than the limits say. */
export class PlainConnections implements ConnectionHost {
  readonly #options: PlainConnectionsOptions
  readonly #connections = new Set<PlainConnection>()
  readonly #lookEveryMs: number
  #looks: NodeJS.Timeout | undefined
  nowMs = performance.now()

  constructor(options: PlainConnectionsOptions) {
    const { keepAliveTimeoutMs, headersTimeoutMs } = options
    this.#options = options
    const shortestMs = Math.min(...[keepAliveTimeoutMs, headersTimeoutMs].filter((ms) => ms > 0))
    this.#lookEveryMs = Math.max(LOOK_EVERY_MIN_MS, Math.min(LOOK_EVERY_MAX_MS, shortestMs / 4))
  }

  get keepAliveTimeoutMs(): number {
    return this.#options.keepAliveTimeoutMs
  }

  /** Takes a socket that was just opened. */
  take(socket: Socket): void {
    if (this.#looks === undefined) {
      this.nowMs = performance.now()
      this.#looks = setInterval(() => this.#look(), this.#lookEveryMs).unref()
    }
    this.#connections.add(new PlainConnection(socket, this))
  }

  /** Ends every connection that waits for a request; one that waits for the rest of a body is Node's from now on. */
  closeIdle(): void {
    for (const connection of this.#connections) {
      const { waiting, hasMore } = connection
      if (hasMore) continue
      if (waiting === 'next' || waiting === 'first') connection.close()
      else if (waiting === 'body') connection.leaveToNode()
    }
  }

  open(turn: PlainTurn): Exchange {
    return this.#options.open(turn)
  }

  begin(exchange: Exchange): void {
    this.#options.begin(exchange)
  }

  ended(exchange: Exchange, isAnswered: boolean): void {
    this.#options.ended(exchange, isAnswered)
  }

  serve(socket: Socket): void {
    this.#options.serve(socket)
  }

  forget(connection: PlainConnection): void {
    this.#connections.delete(connection)
    if (this.#connections.size > 0) return
    clearInterval(this.#looks)
    this.#looks = undefined
  }

  #look(): void {
    this.nowMs = performance.now()
    const { keepAliveTimeoutMs, headersTimeoutMs } = this.#options
    for (const connection of this.#connections) {
      const waitedMs = this.nowMs - connection.waitingSinceMs
      const { waiting } = connection
      if (waiting === 'body' && waitedMs > BODY_WITHIN_MS) connection.leaveToNode()
      else if (waiting === 'first' && waitedMs > headersTimeoutMs) connection.timeOut()
      else if (waiting === 'next' && keepAliveTimeoutMs > 0) {
        if (waitedMs > keepAliveTimeoutMs + KEEP_ALIVE_GRACE_MS) connection.cut()
      }
    }
  }
}
