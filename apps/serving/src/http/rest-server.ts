import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net'
import { type Clock, systemClock } from '@understudy/core'
import type { Predictor } from '@understudy/serving'
import type { MetricsRoute } from '../telemetry/metrics-route.ts'
import { isLoopbackHost } from './browser-origin.ts'
import { ByteBudget, ByteLease } from './byte-budget.ts'
import { requestIdOf } from './call-headers.ts'
import { Dispatcher } from './dispatcher.ts'
import { Exchange } from './exchange.ts'
import type { LargeBodies } from './large-bodies.ts'
import type { NodeHealth } from './node-health.ts'
import { DEFAULT_REST_LIMITS, type RestLimits } from './rest-limits.ts'
import { nowMs, type RestObserver } from './rest-observer.ts'

export interface RestServerOptions {
  readonly predictor: Predictor
  readonly health: NodeHealth
  readonly limits?: Partial<RestLimits>
  /** Makes ids for requests that bring none. @defaultValue random UUIDs */
  readonly requestIds?: () => string
  readonly observer?: RestObserver
  /** Reads and writes what would hold the loop up; without it the loop does it itself. */
  readonly largeBodies?: LargeBodies
  /** Answers Prometheus; without it there is nothing at its paths. */
  readonly metrics?: MetricsRoute
  /** Address to listen on. @defaultValue `127.0.0.1`; anything else lets strangers predict */
  readonly host?: string
  /** @defaultValue 0, any free port */
  readonly port?: number
  readonly clock?: Clock
}

interface DrainOptions {
  /** In-flight requests are cut after this time. */
  readonly deadlineMs: number
  /**
   * How long connections are still accepted and answered, while `ready` is already taken back: time for load balancers to look away.
   * @defaultValue 0
   */
  readonly graceMs?: number
}

/** The REST server of a node: TensorFlow Serving's API, health, and the tRPC predict API. */
export interface RestServer {
  /** Accepts connections from now on. Rejects with Node's error when the address is taken. */
  listen(): Promise<{ readonly host: string; readonly port: number }>
  /**
   * Drains: `ready` turns 503, answers close their connection, nothing new is accepted, what is in flight is answered.
   * Idempotent. Resolves when every connection is gone; `cutRequests` counts those that missed the deadline.
   */
  close(options: DrainOptions): Promise<{ readonly cutRequests: number }>
}

/** A flood of connections does not keep a drain from going on. */
const LAST_TURNS_MAX = 100
const QUIET_LOOK_MS = 20
/** Clients that never pause do not keep it from going on, either. */
const QUIET_WITHIN_MS = 3_000

class NodeRestServer implements RestServer {
  readonly #options: RestServerOptions
  readonly #host: string
  readonly #server: Server
  readonly #budget: ByteBudget
  readonly #dispatcher: Dispatcher
  readonly #newId: () => string
  #draining = false
  #connectionsTaken = 0
  #requestsTaken = 0
  readonly #sockets = new Set<Socket>()
  #inFlight = 0
  #closed: Promise<{ readonly cutRequests: number }> | undefined

  constructor(options: RestServerOptions) {
    const limits = { ...DEFAULT_REST_LIMITS, ...options.limits }
    this.#options = options
    this.#host = options.host ?? '127.0.0.1'
    this.#newId = options.requestIds ?? randomUUID
    this.#budget = new ByteBudget(limits.maxBufferedBytes)
    this.#dispatcher = new Dispatcher({
      predictor: options.predictor,
      health: options.health,
      observer: options.observer,
      metrics: options.metrics,
      largeBodies: options.largeBodies,
      maxBodyBytes: limits.maxBodyBytes,
      loopbackOnly: isLoopbackHost(this.#host),
      isDraining: () => this.#draining,
    })
    this.#server = createServer(
      {
        keepAliveTimeout: limits.keepAliveTimeoutMs,
        headersTimeout: limits.headersTimeoutMs,
        requestTimeout: limits.requestTimeoutMs,
        maxHeaderSize: limits.maxHeaderBytes,
      },
      (req, res) => this.#accept(req, res),
    )
    this.#server.on('connection', (socket) => {
      this.#connectionsTaken += 1
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  listen(): Promise<{ readonly host: string; readonly port: number }> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host: this.#host, port: this.#options.port ?? 0 }, () => {
        this.#server.off('error', reject)
        const { port } = this.#server.address() as AddressInfo
        resolve({ host: this.#host, port })
      })
    })
  }

  close(options: DrainOptions): Promise<{ readonly cutRequests: number }> {
    this.#closed ??= this.#drain(options)
    return this.#closed
  }

  #accept(req: IncomingMessage, res: ServerResponse): void {
    const exchange = new Exchange(req, res, {
      requestId: requestIdOf(req.headers, this.#newId),
      startMs: nowMs(),
      lease: new ByteLease(this.#budget),
    })
    this.#inFlight += 1
    this.#requestsTaken += 1
    res.on('close', () => {
      this.#inFlight -= 1
      exchange.end()
    })
    this.#dispatcher.dispatch(exchange)
  }

  /** Settles right after a turn of the loop in which nobody connected: a port that is closed with connections in its queue loses them. */
  async #untilNoneWaits(): Promise<void> {
    for (let turn = 0, taken = -1; turn < LAST_TURNS_MAX && taken !== this.#connectionsTaken; turn++) {
      taken = this.#connectionsTaken
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /**
   * Settles when no client has sent a request for so long. Each answer closes its connection meanwhile, so that clients which go on have
   * used up those that they keep: one that is ended under a request on its way loses it.
   */
  async #untilQuiet(clock: Clock, quietMs: number, limitMs: number): Promise<void> {
    const beganMs = clock.monotonicMs()
    let seen = -1
    let changedAtMs = beganMs
    for (;;) {
      const nowMs = clock.monotonicMs()
      if (this.#requestsTaken !== seen) changedAtMs = nowMs
      seen = this.#requestsTaken
      if (nowMs - changedAtMs >= quietMs || nowMs - beganMs >= Math.min(limitMs, QUIET_WITHIN_MS)) return
      await clock.sleep(Math.min(QUIET_LOOK_MS, quietMs))
    }
  }

  async #drain({ deadlineMs, graceMs = 0 }: DrainOptions): Promise<{ readonly cutRequests: number }> {
    const clock = this.#options.clock ?? systemClock
    const timer = new AbortController()
    this.#draining = true
    const halfGraceMs = Math.min(graceMs, deadlineMs) / 2
    await clock.sleep(halfGraceMs)
    await this.#untilNoneWaits()
    const ended = new Promise<void>((resolve) => {
      // Not the close of HTTP, which also ends idle connections: a request may be on its way over one.
      NetServer.prototype.close.call(this.#server, () => resolve())
    })
    await this.#untilQuiet(clock, halfGraceMs, deadlineMs)
    this.#server.closeIdleConnections()
    // That leaves those that never sent a byte: they would keep the drain waiting.
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy()
    let cutRequests = 0
    const deadline = clock.sleep(deadlineMs - Math.min(graceMs, deadlineMs), timer.signal).then(() => {
      if (timer.signal.aborted) return
      cutRequests = this.#inFlight
      this.#server.closeAllConnections()
    })
    await ended
    timer.abort()
    await deadline
    return { cutRequests }
  }
}

/** Makes the server; it listens when told to. */
export function createRestServer(options: RestServerOptions): RestServer {
  return new NodeRestServer(options)
}
