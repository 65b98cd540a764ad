import { PlatformError } from '@understudy/core'
import {
  decodePredictBody,
  encodeModelMetadata,
  encodeModelStatus,
  encodePredictResponse,
  type TfsRoute,
} from '@understudy/protocols'
import type { Predictor } from '@understudy/serving'
import { readCallHeaders } from './call-headers.ts'
import type { Answer, Exchange } from './exchange.ts'
import { type PredictObserver, predictObserved } from './predict-observer.ts'
import { readBody } from './read-body.ts'

export interface TfsHandlerOptions {
  readonly predictor: Predictor
  readonly observer: PredictObserver | undefined
  readonly maxBodyBytes: number
}

/** Answers the routes of TensorFlow Serving's REST API. */
export class TfsHandler {
  readonly #options: TfsHandlerOptions

  constructor(options: TfsHandlerOptions) {
    this.#options = options
  }

  /** @throws PlatformError for the caller to write in TensorFlow Serving's form */
  async handle(exchange: Exchange, route: TfsRoute): Promise<Answer> {
    switch (route.kind) {
      case 'predict':
        return this.#predict(exchange, route)
      case 'status':
        return {
          status: 200,
          body: encodeModelStatus(route.model, route.selector, this.#options.predictor.versions(route.model)),
        }
      case 'metadata': {
        const { servedBy, signature } = this.#options.predictor.describe(route.model, route.selector)
        exchange.servedBy = servedBy
        return { status: 200, body: encodeModelMetadata(route.model, servedBy.version, signature) }
      }
      case 'classify':
      case 'regress':
        throw new PlatformError(
          'request.unsupported',
          `:${route.kind} is not supported here; send tensors to :predict.`,
        )
    }
  }

  async #predict(exchange: Exchange, { model, selector }: TfsRoute): Promise<Answer> {
    const { predictor, observer, maxBodyBytes } = this.#options
    const { req, requestId, startMs, lease, signal } = exchange
    const call = readCallHeaders(req.headers)
    const bytes = await readBody(req, { maxBodyBytes, lease })
    const { servedBy, signature } = predictor.describe(model, selector)
    exchange.servedBy = servedBy
    const { form, inputs } = decodePredictBody(bytes, signature)
    const request = { ...call, requestId, model, selector, inputs, signal }
    const response = await predictObserved(predictor, observer, { request, startMs })
    exchange.servedBy = response.servedBy
    return { status: 200, body: encodePredictResponse(response.outputs, form) }
  }
}
