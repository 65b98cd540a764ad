import { PlatformError, toPlatformError } from '@understudy/core'
import { encodeTfsError, isTfsPath, type TfsRoute } from '@understudy/protocols'
import type { Predictor } from '@understudy/serving'
import type { MetricsRoute } from '../telemetry/metrics-route.ts'
import { answerHeaders, retryAfterSeconds, statusOf } from './answer-headers.ts'
import { checkBrowserOrigin } from './browser-origin.ts'
import type { Answer, Exchange } from './exchange.ts'
import type { LargeBodies } from './large-bodies.ts'
import type { NodeHealth } from './node-health.ts'
import { PredictCall, type PredictCallOptions } from './predict-call.ts'
import type { RestObserver } from './rest-observer.ts'
import { TfsHandler } from './tfs-handler.ts'
import { TrpcHandler } from './trpc-handler.ts'

const TRPC_MOUNT = '/trpc/'

export interface DispatcherOptions {
  readonly predictor: Predictor
  readonly health: NodeHealth
  readonly observer: RestObserver | undefined
  readonly metrics: MetricsRoute | undefined
  readonly largeBodies: LargeBodies | undefined
  readonly maxBodyBytes: number
  /** Only this machine can reach the server. */
  readonly loopbackOnly: boolean
  readonly isDraining: () => boolean
}

/** Finds the handler of a request and writes its answer. Never throws: every error is answered. */
export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #tfs: TfsHandler
  readonly #trpc: TrpcHandler
  readonly #predictOptions: PredictCallOptions

  constructor(options: DispatcherOptions) {
    const { predictor, observer, largeBodies, maxBodyBytes } = options
    this.#options = options
    this.#tfs = new TfsHandler(predictor)
    this.#trpc = new TrpcHandler(options)
    this.#predictOptions = {
      ...{ predictor, observer, largeBodies, maxBodyBytes },
      send: (exchange, answer) => this.#send(exchange, answer),
      fail: (exchange, error, route) => this.#fail(exchange, error, route),
    }
  }

  dispatch(exchange: Exchange): void {
    let route: TfsRoute | undefined
    try {
      const { req, method, path } = exchange
      if (req.headers.origin !== undefined) checkBrowserOrigin(req.headers, this.#options.loopbackOnly)
      if (path.startsWith(TRPC_MOUNT)) {
        this.#await(exchange, this.#trpc.handle(exchange, path.slice(TRPC_MOUNT.length)))
      } else if (isTfsPath(path)) {
        route = this.#tfs.route(method, path)
        if (route.kind === 'predict') new PredictCall(this.#predictOptions, exchange, route).start()
        else this.#send(exchange, this.#tfs.answer(exchange, route))
      } else if (this.#options.metrics?.answers(method, path)) {
        this.#await(exchange, this.#options.metrics.handle(exchange))
      } else this.#send(exchange, this.#other(exchange))
    } catch (thrown) {
      this.#fail(exchange, toPlatformError(thrown), route)
    }
  }

  #await(exchange: Exchange, handled: Promise<void>): void {
    handled.catch((thrown) => this.#fail(exchange, toPlatformError(thrown), undefined))
  }

  #other({ method, path }: Exchange): Answer {
    const { health, isDraining } = this.#options
    const isRead = method === 'GET' || method === 'HEAD'
    if (isRead && path === '/v2/health/live') return healthAnswer('live', health.live())
    if (isRead && path === '/v2/health/ready') return healthAnswer('ready', health.ready() && !isDraining())
    throw new PlatformError('request.unknown_route', `There is nothing at ${method} ${path}`)
  }

  #fail(exchange: Exchange, error: PlatformError, route: TfsRoute | undefined): void {
    if (error.category === 'INTERNAL' || error.category === 'DATA_LOSS')
      this.#options.observer?.onFault(error)
    const status = statusOf(error)
    this.#send(exchange, { status, body: encodeTfsError(error, route) }, error)
  }

  #send({ req, res, requestId, servedBy }: Exchange, { status, body }: Answer, error?: PlatformError): void {
    if (res.headersSent || res.destroyed) return
    const headers = answerHeaders(requestId, servedBy, this.#options.predictor.planAgeMs())
    headers.push('content-type', 'application/json', 'content-length', String(Buffer.byteLength(body)))
    const retryAfter = status === 200 ? undefined : retryAfterSeconds(status, error)
    if (retryAfter !== undefined) headers.push('retry-after', retryAfter)
    if (this.#options.isDraining()) headers.push('connection', 'close')
    res.writeHead(status, headers)
    res.end(req.method === 'HEAD' ? undefined : body)
  }
}

function healthAnswer(name: 'live' | 'ready', isTrue: boolean): Answer {
  return { status: isTrue ? 200 : 503, body: `{"${name}":${isTrue}}` }
}
