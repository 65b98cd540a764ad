import type { Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type Clock, isLoopbackHost, systemClock } from '@understudy/core'
import type { Predictor } from '@understudy/serving'
import { type Access, openAccess } from '../auth/access.ts'
import { requestIds } from '../node/request-ids.ts'
import type { OverrideRoute } from '../override/override-route.ts'
import type { MetricsRoute } from '../telemetry/metrics-route.ts'
import { ModelStatistics } from '../telemetry/model-statistics.ts'
import { createHttpServer } from '../tls/http-server.ts'
import type { TlsFiles } from '../tls/tls-files.ts'
import { ByteBudget, ByteLease } from './byte-budget.ts'
import { requestIdOf } from './call-headers.ts'
import { closePort } from './close-port.ts'
import { Dispatcher } from './dispatcher.ts'
import { Exchange } from './exchange.ts'
import { IncomingRequest } from './incoming-request.ts'
import type { LargeBodies } from './large-bodies.ts'
import type { NodeHealth } from './node-health.ts'
import { OneWriteResponse } from './one-write-response.ts'
import type { OutcomeRecord } from './outcomes-reporter.ts'
import { PlainConnections } from './plain/plain-connections.ts'
import { DEFAULT_REST_LIMITS, type RestLimits } from './rest-limits.ts'
import { nowMs, type RestObserver } from './rest-observer.ts'
import { NodeWire, type RequestSide, type Wire } from './wire.ts'

export interface RestServerOptions {
  readonly predictor: Predictor
  readonly health: NodeHealth
  readonly limits?: Partial<RestLimits>
  /** Makes ids for requests that bring none. @defaultValue UUIDs */
  readonly requestIds?: () => string
  readonly observer?: RestObserver
  /** Reads and writes what would hold the loop up; without it the loop does it itself. */
  readonly largeBodies?: LargeBodies
  /** Answers Prometheus; without it there is nothing at its paths. */
  readonly metrics?: MetricsRoute
  /** Takes decisions of an operator on this node alone; without it there is nothing at its paths. */
  readonly overrides?: OverrideRoute
  /** What was counted of each version; without it, zeros. */
  readonly statistics?: ModelStatistics
  /** Lets callers in. @defaultValue everybody */
  readonly access?: Access
  /** Keeps outcomes; without it none are taken. */
  readonly outcomes?: OutcomeRecord | undefined
  /** Address to listen on. @defaultValue `127.0.0.1`; anything else lets strangers predict */
  readonly host?: string
  /** @defaultValue 0, any free port */
  readonly port?: number
  /** @defaultValue plain HTTP */
  readonly tls?: TlsFiles | undefined
  /** False leaves tRPC to its own adapter, which answers the same, slowly. @defaultValue true */
  readonly hasTrpcFastPath?: boolean | undefined
  /** False leaves every request to Node's parser, which reads the same, slower. @defaultValue true */
  readonly readsPlain?: boolean | undefined
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

const QUIET_LOOK_MS = 20

class NodeRestServer implements RestServer {
  readonly #options: RestServerOptions
  readonly #host: string
  readonly #server: Server<typeof IncomingRequest, typeof OneWriteResponse>
  readonly #budget: ByteBudget
  readonly #plain: PlainConnections
  readonly #dispatcher: Dispatcher
  readonly #newId: () => string
  #draining = false
  #requestsTaken = 0
  readonly #sockets = new Set<Socket>()
  #inFlight = 0
  #closed: Promise<{ readonly cutRequests: number }> | undefined

  constructor(options: RestServerOptions) {
    const limits = { ...DEFAULT_REST_LIMITS, ...options.limits }
    this.#options = options
    this.#host = options.host ?? '127.0.0.1'
    this.#newId = options.requestIds ?? requestIds()
    this.#budget = new ByteBudget(limits.maxBufferedBytes)
    this.#dispatcher = new Dispatcher({
      predictor: options.predictor,
      health: options.health,
      observer: options.observer,
      metrics: options.metrics,
      overrides: options.overrides,
      statistics: options.statistics ?? new ModelStatistics(),
      access: options.access ?? openAccess,
      outcomes: options.outcomes,
      largeBodies: options.largeBodies,
      maxBodyBytes: limits.maxBodyBytes,
      keepAliveTimeoutMs: limits.keepAliveTimeoutMs,
      loopbackOnly: isLoopbackHost(this.#host),
      isDraining: () => this.#draining,
      hasFastPath: options.hasTrpcFastPath,
    })
    this.#server = createHttpServer(
      {
        IncomingMessage: IncomingRequest,
        ServerResponse: OneWriteResponse,
        keepAliveTimeout: limits.keepAliveTimeoutMs,
        headersTimeout: limits.headersTimeoutMs,
        requestTimeout: limits.requestTimeoutMs,
        maxHeaderSize: limits.maxHeaderBytes,
      },
      options.tls,
      (req, res) => this.#accept(req, res),
    )
    this.#plain = new PlainConnections({
      ...limits,
      open: (turn) => this.#open(turn, turn),
      begin: (exchange) => this.#dispatcher.dispatch(exchange),
      ended: (exchange, isAnswered) => this.#ended(exchange, isAnswered),
      serve: options.readsPlain === false ? () => undefined : this.#readFirst(),
    })
    const keep = (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    }
    // With TLS the first is what comes over the wire, the second what was in it.
    this.#server.on('connection', keep).on('secureConnection', keep)
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

  /** Puts those who read plain requests in front of Node's parser. Gives the way to the parser. */
  #readFirst(): (socket: Socket) => void {
    const event = this.#options.tls === undefined ? 'connection' : 'secureConnection'
    const parsers = this.#server.listeners(event)
    this.#server.removeAllListeners(event).on(event, (socket: Socket) => this.#plain.take(socket))
    return (socket) => {
      for (const parse of parsers) parse.call(this.#server, socket)
    }
  }

  #accept(req: IncomingRequest, res: OneWriteResponse): void {
    const exchange = this.#open(req, new NodeWire(res))
    res.on('close', () => this.#ended(exchange, res.writableFinished))
    this.#dispatcher.dispatch(exchange)
  }

  #open(req: RequestSide, wire: Wire): Exchange {
    this.#inFlight += 1
    this.#requestsTaken += 1
    return new Exchange(req, wire, {
      requestId: requestIdOf(req.headers, this.#newId),
      startMs: nowMs(),
      lease: new ByteLease(this.#budget),
    })
  }

  #ended(exchange: Exchange, isAnswered: boolean): void {
    this.#inFlight -= 1
    exchange.end(isAnswered)
  }

  /**
   * Settles when no client has sent a request for so long. Each answer closes its connection meanwhile, so that clients which go on have
   * used up those that they keep: one that is ended under a request on its way loses it. Time in which this process did not run does not
   * count: then clients may not have run, either.
   */
  async #untilQuiet(clock: Clock, quietMs: number, giveUpAtMs: number): Promise<void> {
    let seen = -1
    let quietForMs = 0
    while (this.#sockets.size > 0 && clock.monotonicMs() < giveUpAtMs) {
      quietForMs = this.#requestsTaken === seen ? quietForMs + QUIET_LOOK_MS : 0
      seen = this.#requestsTaken
      if (quietForMs >= quietMs) return
      await clock.sleep(QUIET_LOOK_MS)
    }
  }

  async #drain({ deadlineMs, graceMs = 0 }: DrainOptions): Promise<{ readonly cutRequests: number }> {
    const clock = this.#options.clock ?? systemClock
    const timer = new AbortController()
    this.#draining = true
    const cutAtMs = clock.monotonicMs() + deadlineMs
    const halfGraceMs = Math.min(graceMs, deadlineMs) / 2
    await clock.sleep(halfGraceMs)
    const { gone } = await closePort(this.#server, clock)
    await this.#untilQuiet(clock, halfGraceMs, cutAtMs)
    this.#server.closeIdleConnections()
    this.#plain.closeIdle()
    // That leaves those that never sent a byte: they would keep the drain waiting.
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy()
    let cutRequests = 0
    const deadline = clock.sleep(Math.max(0, cutAtMs - clock.monotonicMs()), timer.signal).then(() => {
      if (timer.signal.aborted) return
      cutRequests = this.#inFlight
      this.#server.closeAllConnections()
      // Also those whose handshake goes on.
      for (const socket of this.#sockets) socket.destroy()
    })
    await gone
    timer.abort()
    await deadline
    return { cutRequests }
  }
}

/** Makes the server; it listens when told to. */
export function createRestServer(options: RestServerOptions): RestServer {
  return new NodeRestServer(options)
}
