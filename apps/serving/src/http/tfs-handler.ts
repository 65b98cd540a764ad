import { PlatformError } from '@understudy/core'
import { encodeModelMetadata, encodeModelStatus, parseTfsRoute, type TfsRoute } from '@understudy/protocols'
import type { Predictor } from '@understudy/serving'
import type { Answer, Exchange } from './exchange.ts'

/** Paths whose route is kept. A client that makes up paths gains nothing: it only empties the list. */
const KEPT_ROUTES_MAX = 1_000

/** Answers the routes of TensorFlow Serving's REST API other than `:predict`, and knows them all. */
export class TfsHandler {
  readonly #predictor: Predictor
  readonly #postRoutes = new Map<string, TfsRoute>()

  constructor(predictor: Predictor) {
    this.#predictor = predictor
  }

  /** @throws PlatformError `request.malformed` */
  route(method: string, path: string): TfsRoute {
    if (method !== 'POST') return parseTfsRoute(method, path)
    const known = this.#postRoutes.get(path)
    if (known !== undefined) return known
    const route = parseTfsRoute(method, path)
    if (this.#postRoutes.size >= KEPT_ROUTES_MAX) this.#postRoutes.clear()
    this.#postRoutes.set(path, route)
    return route
  }

  /** @throws PlatformError for the caller to write in TensorFlow Serving's form */
  answer(exchange: Exchange, { kind, model, selector }: TfsRoute): Answer {
    switch (kind) {
      case 'status':
        return { status: 200, body: encodeModelStatus(model, selector, this.#predictor.versions(model)) }
      case 'metadata': {
        const { servedBy, signature } = this.#predictor.describe(model, selector)
        exchange.servedBy = servedBy
        return { status: 200, body: encodeModelMetadata(model, servedBy.version, signature) }
      }
      default:
        throw new PlatformError(
          'request.unsupported',
          `:${kind} is not supported here; send tensors to :predict.`,
        )
    }
  }
}
