import { PlatformError, toPlatformError } from '@understudy/core'
import { encodeTfsError, isTfsPath, parseTfsRoute, type TfsRoute } from '@understudy/protocols'
import type { Predictor } from '@understudy/serving'
import { answerHeaders, retryAfterSeconds, statusOf } from './answer-headers.ts'
import { checkBrowserOrigin } from './browser-origin.ts'
import type { Answer, Exchange } from './exchange.ts'
import type { NodeHealth } from './node-health.ts'
import type { PredictObserver } from './predict-observer.ts'
import { TfsHandler } from './tfs-handler.ts'
import { TrpcHandler } from './trpc-handler.ts'

const TRPC_MOUNT = '/trpc/'

export interface DispatcherOptions {
  readonly predictor: Predictor
  readonly health: NodeHealth
  readonly observer: PredictObserver | undefined
  readonly maxBodyBytes: number
  /** Only this machine can reach the server. */
  readonly loopbackOnly: boolean
  readonly isDraining: () => boolean
}

/** Finds the handler of a request and writes its answer. Never rejects: every error is answered. */
export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #tfs: TfsHandler
  readonly #trpc: TrpcHandler

  constructor(options: DispatcherOptions) {
    this.#options = options
    this.#tfs = new TfsHandler(options)
    this.#trpc = new TrpcHandler(options)
  }

  async dispatch(exchange: Exchange): Promise<void> {
    let route: TfsRoute | undefined
    try {
      checkBrowserOrigin(exchange.req.headers, this.#options.loopbackOnly)
      if (exchange.path.startsWith(TRPC_MOUNT)) {
        await this.#trpc.handle(exchange, exchange.path.slice(TRPC_MOUNT.length))
        return
      }
      if (isTfsPath(exchange.path)) {
        route = parseTfsRoute(exchange.method, exchange.path)
        this.#send(exchange, await this.#tfs.handle(exchange, route))
      } else this.#send(exchange, this.#other(exchange))
    } catch (thrown) {
      this.#fail(exchange, toPlatformError(thrown), route)
    }
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
    headers['content-type'] = 'application/json'
    headers['content-length'] = String(Buffer.byteLength(body))
    const retryAfter = retryAfterSeconds(status, error)
    if (retryAfter !== undefined) headers['retry-after'] = retryAfter
    if (this.#options.isDraining()) headers.connection = 'close'
    res.writeHead(status, headers)
    res.end(req.method === 'HEAD' ? undefined : body)
  }
}

function healthAnswer(name: 'live' | 'ready', isTrue: boolean): Answer {
  return { status: isTrue ? 200 : 503, body: `{"${name}":${isTrue}}` }
}
