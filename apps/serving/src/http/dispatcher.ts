import { PlatformError, toPlatformError } from '@understudy/core'
import { encodeTfsError, isTfsPath, type TfsRoute } from '@understudy/protocols'
import type { Predictor } from '@understudy/serving'
import { type Access, type Caller, everyModel, openAccess } from '../auth/access.ts'
import { allowedPredictor } from '../auth/allowed-predictor.ts'
import type { OverrideRoute } from '../override/override-route.ts'
import type { MetricsRoute } from '../telemetry/metrics-route.ts'
import type { ModelStatistics } from '../telemetry/model-statistics.ts'
import { AnswerBurst } from './answer-burst.ts'
import { answerHeaders, retryAfterSeconds, statusOf } from './answer-headers.ts'
import { AnswerText } from './answer-text.ts'
import { checkBrowserOrigin } from './browser-origin.ts'
import { callerOf } from './caller-of.ts'
import type { Answer, Exchange } from './exchange.ts'
import type { LargeBodies } from './large-bodies.ts'
import type { NodeHealth } from './node-health.ts'
import { OipHandler } from './oip-handler.ts'
import { OpenApiRoute } from './openapi-route.ts'
import type { OutcomeRecord } from './outcomes-reporter.ts'
import { OutcomesRoute } from './outcomes-route.ts'
import { PredictCall, type PredictCallOptions } from './predict-call.ts'
import type { RestObserver } from './rest-observer.ts'
import { isExamplesRoute, TfsExamplesCall } from './tfs-examples-call.ts'
import { TfsHandler } from './tfs-handler.ts'
import { TrpcHandler } from './trpc-handler.ts'

const TRPC_MOUNT = '/trpc/'

export interface DispatcherOptions {
  readonly predictor: Predictor
  readonly health: NodeHealth
  readonly observer: RestObserver | undefined
  readonly metrics: MetricsRoute | undefined
  readonly overrides: OverrideRoute | undefined
  readonly statistics: ModelStatistics
  readonly access: Access
  /** Undefined: outcomes are not taken. */
  readonly outcomes: OutcomeRecord | undefined
  readonly largeBodies: LargeBodies | undefined
  readonly maxBodyBytes: number
  readonly keepAliveTimeoutMs: number
  /** Only this machine can reach the server. */
  readonly loopbackOnly: boolean
  readonly isDraining: () => boolean
  /** False leaves tRPC to its own adapter. @defaultValue true */
  readonly hasFastPath?: boolean | undefined
}

/** Finds the handler of a request and writes its answer. Never throws: every error is answered. */
export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #tfs: TfsHandler
  readonly #oip: OipHandler
  readonly #trpc: TrpcHandler
  readonly #outcomes: OutcomesRoute
  readonly #openApi: OpenApiRoute
  readonly #predictOptions: PredictCallOptions
  /** For callers who may use some models only. */
  readonly #restricted = new WeakMap<Caller, PredictCallOptions>()
  readonly #answerText: AnswerText

  constructor(options: DispatcherOptions) {
    const { predictor, observer, largeBodies, maxBodyBytes } = options
    this.#options = options
    this.#answerText = new AnswerText(options.keepAliveTimeoutMs)
    this.#tfs = new TfsHandler()
    this.#oip = new OipHandler(options)
    this.#trpc = new TrpcHandler({
      ...options,
      fail: (exchange, error) => this.#fail(exchange, error, undefined),
    })
    this.#outcomes = new OutcomesRoute({
      ...options,
      send: (exchange, answer) => this.#send(exchange, answer),
    })
    this.#openApi = new OpenApiRoute({ requiresKeys: options.access !== openAccess })
    this.#predictOptions = {
      ...{ predictor, observer, largeBodies, maxBodyBytes, burst: new AnswerBurst() },
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
        this.#trpc.handle(exchange, path.slice(TRPC_MOUNT.length))
      } else if (this.#outcomes.answers(method, path)) {
        this.#await(exchange, this.#outcomes.handle(exchange))
      } else if (isTfsPath(path)) {
        route = this.#tfs.route(method, path)
        const options = this.#optionsFor(callerOf(this.#options.access, exchange))
        if (route.kind === 'predict') new PredictCall(options, exchange, route).start()
        else if (isExamplesRoute(route))
          this.#await(exchange, new TfsExamplesCall(options, exchange, route).run())
        else this.#send(exchange, this.#tfs.answer(exchange, route, options.predictor))
      } else if (this.#oip.owns(path)) this.#oip.handle(exchange)
      else if (this.#options.metrics?.answers(method, path)) {
        if (exchange.wire.takeNodeRequest() !== undefined) {
          const { method, signal, wire } = exchange
          this.#await(exchange, this.#options.metrics.handle({ method, signal, res: wire.nodeResponse() }))
        }
      } else if (this.#options.overrides?.answers(path)) {
        const answered = this.#options.overrides.handle(exchange)
        this.#await(
          exchange,
          answered.then((answer) => this.#send(exchange, answer)),
        )
      } else if (this.#openApi.answers(method, path)) {
        this.#send(exchange, { status: 200, body: this.#openApi.body })
      } else throw new PlatformError('request.unknown_route', `There is nothing at ${method} ${path}`)
    } catch (thrown) {
      this.#fail(exchange, toPlatformError(thrown), route)
    }
  }

  /** A model that is not for the caller does not exist for it. */
  #optionsFor(caller: Caller): PredictCallOptions {
    if (caller === everyModel) return this.#predictOptions
    let options = this.#restricted.get(caller)
    if (options === undefined) {
      options = { ...this.#predictOptions, predictor: allowedPredictor(this.#options.predictor, caller) }
      this.#restricted.set(caller, options)
    }
    return options
  }

  #await(exchange: Exchange, handled: Promise<void>): void {
    handled.catch((thrown) => this.#fail(exchange, toPlatformError(thrown), undefined))
  }

  #fail(exchange: Exchange, error: PlatformError, route: TfsRoute | undefined): void {
    if (error.category === 'INTERNAL' || error.category === 'DATA_LOSS')
      this.#options.observer?.onFault(error)
    const status = statusOf(error)
    this.#send(exchange, { status, body: encodeTfsError(error, route) }, error)
  }

  #send(exchange: Exchange, answer: Answer, error?: PlatformError): void {
    const { req, wire, requestId, servedBy } = exchange
    if (wire.isAnswered) return
    const planAgeMs = this.#options.predictor.planAgeMs()
    if (this.#sendText(exchange, answer, planAgeMs)) return
    const { status, body } = answer
    const headers = answerHeaders(requestId, servedBy, planAgeMs)
    headers.push('content-type', 'application/json', 'content-length', String(Buffer.byteLength(body)))
    const retryAfter = status === 200 ? undefined : retryAfterSeconds(status, error)
    if (retryAfter !== undefined) headers.push('retry-after', retryAfter)
    if (this.#options.isDraining()) headers.push('connection', 'close')
    const res = wire.nodeResponse()
    res.writeHead(status, headers)
    res.end(req.method === 'HEAD' ? undefined : body)
  }

  /** The same for the usual answer, at a fraction of the cost; false for any other. */
  #sendText(
    { wire, requestId, servedBy }: Exchange,
    { status, body }: Answer,
    planAgeMs: number | undefined,
  ): boolean {
    if (status !== 200 || servedBy === undefined || typeof body !== 'string') return false
    if (!wire.maySendText || this.#options.isDraining()) return false
    const text = this.#answerText.of({ servedBy, requestId, planAgeMs, body })
    if (text === undefined) return false
    wire.sendText(text)
    return true
  }
}
