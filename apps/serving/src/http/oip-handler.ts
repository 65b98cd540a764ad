import { type PlatformError, toPlatformError, type VersionSelector } from '@understudy/core'
import {
  isOipPath,
  OIP_EXTENSIONS,
  OIP_LOAD_REFUSED,
  type OipRoute,
  type OipSubject,
  oipModelConfig,
  oipModelIndex,
  oipModelMetadata,
  parseOipRoute,
  readIndexRequest,
} from '@understudy/protocols'
import type { Predictor, VersionDescription } from '@understudy/serving'
import type { Access } from '../auth/access.ts'
import { allowedPredictor } from '../auth/allowed-predictor.ts'
import { forEachStatistics, type ModelStatistics, statisticsOf } from '../telemetry/model-statistics.ts'
import { AnswerBurst } from './answer-burst.ts'
import { retryAfterSeconds } from './answer-headers.ts'
import { callerOf } from './caller-of.ts'
import type { Exchange } from './exchange.ts'
import { InferTexts } from './infer-texts.ts'
import { KeptDocuments } from './kept-documents.ts'
import type { LargeBodies } from './large-bodies.ts'
import type { NodeHealth } from './node-health.ts'
import { NODE_VERSION } from './node-version.ts'
import { OipInferCall, type OipInferOptions } from './oip-infer-call.ts'
import { OipStatisticsText } from './oip-statistics-text.ts'
import { type OipAnswer, OipWriter } from './oip-writer.ts'
import { pinnedSelector } from './pinned-selector.ts'
import { OIP_ENCODINGS, readBody } from './read-body.ts'
import type { RestObserver } from './rest-observer.ts'

export interface OipHandlerOptions {
  readonly predictor: Predictor
  readonly access: Access
  readonly health: NodeHealth
  readonly statistics: ModelStatistics
  readonly observer: RestObserver | undefined
  readonly largeBodies: LargeBodies | undefined
  readonly maxBodyBytes: number
  readonly keepAliveTimeoutMs: number
  readonly isDraining: () => boolean
}

const POSTED: ReadonlySet<OipRoute['kind']> = new Set<OipRoute['kind']>(['infer', 'index', 'load', 'unload'])
/** Paths whose route is kept. A client that makes up paths gains nothing: it only empties the list. */
const KEPT_ROUTES_MAX = 1_000
const NOT_FOUND: OipAnswer = { status: 404, body: '{"error":"Not Found"}' }
const WRONG_METHOD: OipAnswer = { status: 405, body: '{"error":"Method Not Allowed"}' }

/** Answers everything below `/v2`. Never throws: every error is answered in the form of the protocol. */
export class OipHandler {
  readonly #options: OipHandlerOptions
  readonly #writer: OipWriter
  readonly #inferOptions: OipInferOptions
  readonly #routes = new Map<string, OipRoute>()

  constructor(options: OipHandlerOptions) {
    const { observer, largeBodies, maxBodyBytes } = options
    this.#options = options
    this.#writer = new OipWriter(options)
    this.#inferOptions = {
      ...{ observer, largeBodies, maxBodyBytes, writer: this.#writer },
      ...{ burst: new AnswerBurst(), documents: new KeptDocuments(), texts: new InferTexts() },
    }
  }

  /** True for paths that are this handler's to answer. */
  owns(path: string): boolean {
    return isOipPath(path)
  }

  handle(exchange: Exchange): void {
    const route = this.#route(exchange.path)
    try {
      if (route === undefined) this.#writer.send(exchange, NOT_FOUND)
      else if (!isMethodOf(route, exchange.method)) this.#writer.send(exchange, WRONG_METHOD)
      // Probes carry no keys, and learn nothing but this.
      else if (route.kind === 'live' || route.kind === 'healthReady') this.#health(exchange, route.kind)
      else this.#dispatch(exchange, route)
    } catch (thrown) {
      this.#writer.fail(exchange, toPlatformError(thrown), route && subjectOf(route))
    }
  }

  #route(path: string): OipRoute | undefined {
    const known = this.#routes.get(path)
    if (known !== undefined) return known
    const route = parseOipRoute(path)
    if (route === undefined) return undefined
    if (this.#routes.size >= KEPT_ROUTES_MAX) this.#routes.clear()
    this.#routes.set(path, route)
    return route
  }

  #dispatch(exchange: Exchange, route: OipRoute): void {
    const { access, predictor } = this.#options
    const caller = callerOf(access, exchange)
    const allowed = allowedPredictor(predictor, caller)
    if (route.kind === 'infer') {
      const { model, selector } = route
      new OipInferCall(this.#inferOptions, exchange, { predictor: allowed, model, selector }).start()
    } else if (route.kind === 'index') this.#index(exchange, allowed)
    else if (route.kind === 'allStats') void this.#allStatistics(exchange, allowed)
    else this.#writer.send(exchange, this.#answer(exchange, route, allowed))
  }

  #health(exchange: Exchange, kind: 'live' | 'healthReady'): void {
    const { health, isDraining } = this.#options
    const isTrue = kind === 'live' ? health.live() : health.ready() && !isDraining()
    const body = `{"${kind === 'live' ? 'live' : 'ready'}":${isTrue}}`
    const status = isTrue ? 200 : 503
    this.#writer.send(exchange, { status, body, retryAfter: retryAfterSeconds(status) })
  }

  #answer(exchange: Exchange, route: OipRoute, predictor: Predictor): OipAnswer {
    switch (route.kind) {
      case 'metadata':
        return this.#metadata(exchange, route, predictor)
      case 'ready':
        return this.#ready(exchange, route, predictor)
      case 'config': {
        const { signature } = this.#described(exchange, route, predictor)
        return json(oipModelConfig(route.model, signature))
      }
      case 'stats': {
        const { model, selector } = route
        const version = selector.kind === 'number' ? selector.number : undefined
        const text = new OipStatisticsText()
        text.add(statisticsOf(predictor, this.#options.statistics, { model, version }))
        return { status: 200, body: text.toString() }
      }
      case 'load':
      case 'unload':
        return { status: 503, body: JSON.stringify({ error: OIP_LOAD_REFUSED }) }
      default:
        return json({ name: 'understudy', version: NODE_VERSION, extensions: OIP_EXTENSIONS })
    }
  }

  #described(exchange: Exchange, route: ModelRoute, predictor: Predictor): VersionDescription {
    const selector = pinnedSelector(exchange.req.headers, route.selector)
    const described = predictor.describe(route.model, selector)
    exchange.servedBy = described.servedBy
    return described
  }

  #metadata(exchange: Exchange, route: ModelRoute, predictor: Predictor): OipAnswer {
    const { servedBy, signature } = this.#described(exchange, route, predictor)
    const isAny = route.selector.kind === 'live'
    const versions = isAny ? available(predictor, route.model) : [servedBy.version]
    return json(oipModelMetadata(route.model, versions, signature))
  }

  /** A model is ready when it could answer now. */
  #ready(exchange: Exchange, route: ModelRoute, predictor: Predictor): OipAnswer {
    try {
      this.#described(exchange, route, predictor)
    } catch (thrown) {
      const error = toPlatformError(thrown)
      if (error.category !== 'UNAVAILABLE') throw error
      const body = '{"error":"Model version not ready"}'
      return { status: 503, body, retryAfter: retryAfterSeconds(503, error) }
    }
    return json({ name: route.model, ready: true })
  }

  /** Never rejects. */
  async #allStatistics(exchange: Exchange, predictor: Predictor): Promise<void> {
    try {
      const text = new OipStatisticsText()
      await forEachStatistics(predictor, this.#options.statistics, (ofModel) => text.add(ofModel))
      this.#writer.send(exchange, { status: 200, body: text.toString() })
    } catch (thrown) {
      this.#writer.fail(exchange, toPlatformError(thrown), undefined)
    }
  }

  #index(exchange: Exchange, predictor: Predictor): void {
    const onRead = (body: Uint8Array | PlatformError) => {
      try {
        if (!(body instanceof Uint8Array)) throw body
        const request = readIndexRequest(body)
        const models = predictor.models().flatMap((model) => {
          return oipModelIndex(model, predictor.versions(model) ?? [], request)
        })
        this.#writer.send(exchange, json(models))
      } catch (thrown) {
        this.#writer.fail(exchange, toPlatformError(thrown), undefined)
      }
    }
    readBody(exchange, Math.min(this.#options.maxBodyBytes, INDEX_BODY_MAX_BYTES), onRead, OIP_ENCODINGS)
  }
}

const INDEX_BODY_MAX_BYTES = 64 * 1024

interface ModelRoute {
  readonly model: string
  readonly selector: VersionSelector
}

function isMethodOf({ kind }: OipRoute, method: string): boolean {
  if (POSTED.has(kind)) return method === 'POST'
  return method === 'GET' || (method === 'HEAD' && (kind === 'live' || kind === 'healthReady'))
}

function subjectOf(route: OipRoute): OipSubject | undefined {
  return 'selector' in route ? route : undefined
}

function available(predictor: Predictor, model: string): readonly number[] {
  const versions = predictor.versions(model) ?? []
  return versions
    .filter(({ state }) => state === 'available')
    .map(({ version }) => version)
    .sort((a, b) => a - b)
}

function json(document: unknown): OipAnswer {
  return { status: 200, body: JSON.stringify(document) }
}
