import { encodeModelMetadata, encodeModelStatus, parseTfsRoute, type TfsRoute } from '@understudy/protocols'
import type { Predictor } from '@understudy/serving'
import type { Answer, Exchange } from './exchange.ts'
import { pinnedSelector } from './pinned-selector.ts'

/** Paths whose route is kept. A client that makes up paths gains nothing: it only empties the list. */
const KEPT_ROUTES_MAX = 1_000

/** Answers status and metadata of TensorFlow Serving's REST API, and knows all its routes. */
export class TfsHandler {
  readonly #postRoutes = new Map<string, TfsRoute>()

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

  /**
   * @param predictor what the caller may see of the data plane
   * @throws PlatformError for the caller to write in TensorFlow Serving's form
   */
  answer(exchange: Exchange, route: TfsRoute, predictor: Predictor): Answer {
    const { kind, model, selector } = route
    if (kind === 'status') {
      return { status: 200, body: encodeModelStatus(route, predictor.versions(model)) }
    }
    const description = predictor.describe(model, pinnedSelector(exchange.req.headers, selector))
    exchange.servedBy = description.servedBy
    return { status: 200, body: encodeModelMetadata(model, description) }
  }
}
