import { setMaxListeners } from 'node:events'
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net'
import { type ConnectionInjector, Server, ServerCredentials } from '@grpc/grpc-js'
import { type Clock, systemClock } from '@understudy/core'
import type { Predictor } from '@understudy/serving'
import { type Access, openAccess } from '../auth/access.ts'
import { ByteBudget } from '../http/byte-budget.ts'
import { closePort } from '../http/close-port.ts'
import type { NodeHealth } from '../http/node-health.ts'
import type { RestObserver } from '../http/rest-observer.ts'
import { requestIds } from '../node/request-ids.ts'
import { ModelStatistics } from '../telemetry/model-statistics.ts'
import { CallCount } from './call-count.ts'
import { DirectCalls } from './direct/direct-calls.ts'
import { DEFAULT_GRPC_LIMITS, type GrpcLimits, serverOptions } from './grpc-limits.ts'
import { GrpcSurface } from './grpc-surface.ts'
import { limitHandshakes } from './handshake-limit.ts'
import { addHealthService, HEALTH_SERVICE } from './health-service.ts'
import { addInferenceService, INFERENCE_SERVICE } from './oip/inference-service.ts'
import { limitPartialMessages } from './partial-messages.ts'
import { addReflectionService, REFLECTION_SERVICES } from './reflection-service.ts'
import { addTfsServices, MODEL_SERVICE, PREDICTION_SERVICE } from './tfs/tfs-services.ts'
import type { CallContext } from './unary-call.ts'

/** Services whose health can be asked for. */
const SERVICES = [INFERENCE_SERVICE, PREDICTION_SERVICE, MODEL_SERVICE]

export interface GrpcServerOptions {
  readonly predictor: Predictor
  readonly health: NodeHealth
  /** Counts that `ModelStatistics` tells. @defaultValue none, all zero */
  readonly statistics?: ModelStatistics
  /** Asked before anything else. @defaultValue everybody may use everything: for a server that only this machine can reach */
  readonly access?: Access
  readonly limits?: Partial<GrpcLimits>
  /** Makes ids for requests that bring none. @defaultValue UUIDs */
  readonly requestIds?: () => string
  readonly observer?: RestObserver
  /** Address to listen on. @defaultValue `127.0.0.1`; anything else lets strangers predict */
  readonly host?: string
  /** @defaultValue 0, any free port */
  readonly port?: number
  /** @defaultValue no TLS */
  readonly credentials?: ServerCredentials
  readonly clock?: Clock
}

interface DrainOptions {
  /** In-flight calls are cut after this time. */
  readonly deadlineMs: number
  /**
   * How long connections are still accepted and answered, while health is already taken back: time for load balancers to look away.
   * @defaultValue 0
   */
  readonly graceMs?: number
}

/** The gRPC server of a node. */
export interface GrpcServer {
  /** Accepts connections from now on. Rejects with Node's error when the address is taken. */
  listen(): Promise<{ readonly host: string; readonly port: number }>
  /**
   * Drains: health turns to NOT_SERVING, connections are told to go away, nothing new is accepted, what is in flight is answered.
   * Idempotent. Resolves when every connection is gone; `cutRequests` counts the calls that missed the deadline.
   */
  close(options: DrainOptions): Promise<{ readonly cutRequests: number }>
}

class NodeGrpcServer implements GrpcServer {
  readonly #options: GrpcServerOptions
  readonly #host: string
  readonly #port: NetServer
  readonly #grpc: Server
  readonly #connections: ConnectionInjector
  readonly #sockets = new Set<Socket>()
  readonly #calls = new CallCount()
  #draining = false
  readonly #streams = new AbortController()
  #closed: Promise<{ readonly cutRequests: number }> | undefined

  constructor(options: GrpcServerOptions) {
    const limits = { ...DEFAULT_GRPC_LIMITS, ...options.limits }
    this.#options = options
    this.#host = options.host ?? '127.0.0.1'
    const budget = new ByteBudget(limits.maxBufferedBytes)
    const { messageTimeoutMs } = limits
    const interceptors = [limitPartialMessages({ budget, messageTimeoutMs })]
    this.#grpc = new Server({ ...serverOptions(limits), interceptors })
    limitHandshakes(this.#grpc, limits.handshakeTimeoutMs)
    const context: CallContext = {
      predictor: options.predictor,
      access: options.access ?? openAccess,
      observer: options.observer,
      budget,
      calls: this.#calls,
      newId: options.requestIds ?? requestIds(),
    }
    const direct = new DirectCalls({ ...context, limits })
    direct.takeFrom(this.#grpc)
    const surface = new GrpcSurface(this.#grpc, context, direct)
    this.#addServices(surface, limits)
    this.#connections = this.#grpc.createConnectionInjector(
      options.credentials ?? ServerCredentials.createInsecure(),
    )
    this.#port = createServer((socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
      this.#connections.injectConnection(socket)
    })
    this.#port.maxConnections = limits.maxConnections
  }

  listen(): Promise<{ readonly host: string; readonly port: number }> {
    return new Promise((resolve, reject) => {
      this.#port.once('error', reject)
      this.#port.listen({ host: this.#host, port: this.#options.port ?? 0 }, () => {
        this.#port.off('error', reject)
        const { port } = this.#port.address() as AddressInfo
        resolve({ host: this.#host, port })
      })
    })
  }

  close(options: DrainOptions): Promise<{ readonly cutRequests: number }> {
    this.#closed ??= this.#drain(options)
    return this.#closed
  }

  #addServices(surface: GrpcSurface, limits: GrpcLimits): void {
    const { health, statistics = new ModelStatistics() } = this.#options
    const isDraining = () => this.#draining
    const drain = this.#streams.signal
    // One for each open stream.
    setMaxListeners(0, drain)
    const maxInFlight = limits.maxInFlightPerStream
    addInferenceService(surface, { health, statistics, isDraining, drain, maxInFlight })
    addTfsServices(surface)
    const isReady = () => health.ready() && !this.#draining
    addHealthService(surface, { services: SERVICES, isReady, drain })
    const listed = [...SERVICES, HEALTH_SERVICE, ...REFLECTION_SERVICES]
    addReflectionService(surface, { services: listed, drain })
  }

  async #drain({ deadlineMs, graceMs = 0 }: DrainOptions): Promise<{ readonly cutRequests: number }> {
    const clock = this.#options.clock ?? systemClock
    const timer = new AbortController()
    this.#draining = true
    const waitMs = Math.min(graceMs, deadlineMs)
    await clock.sleep(waitMs)
    const { gone } = await closePort(this.#port, clock)
    let cutRequests = 0
    const deadline = clock.sleep(deadlineMs - waitMs, timer.signal).then(() => {
      if (timer.signal.aborted) return
      cutRequests = this.#calls.inFlight
      // The library's own way to force an end leaves connections alone.
      for (const socket of this.#sockets) socket.destroy()
    })
    this.#streams.abort()
    const ended = new Promise<void>((resolve) => this.#grpc.tryShutdown(() => resolve()))
    // Those that never sent a byte would keep the drain waiting.
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy()
    await ended
    await gone
    timer.abort()
    await deadline
    return { cutRequests }
  }
}

/** Makes the server; it listens when told to. */
export function createGrpcServer(options: GrpcServerOptions): GrpcServer {
  return new NodeGrpcServer(options)
}
