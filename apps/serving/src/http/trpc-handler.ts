import { createPredictHandler, type PredictContext } from '@understudy/api/predict'
import { PlatformError, type ServedBy, toPlatformError } from '@understudy/core'
import { nestsTooDeep } from '@understudy/protocols'
import type { Predictor } from '@understudy/serving'
import type { Access } from '../auth/access.ts'
import { allowedPredictor } from '../auth/allowed-predictor.ts'
import { answerHeaders, retryAfterSeconds } from './answer-headers.ts'
import { type CallHeaders, readCallHeaders } from './call-headers.ts'
import { callerOf } from './caller-of.ts'
import type { Exchange } from './exchange.ts'
import { readBody } from './read-body.ts'
import type { RestObserver } from './rest-observer.ts'
import { TrpcPredictions } from './trpc-predictions.ts'

export interface TrpcHandlerOptions {
  readonly predictor: Predictor
  readonly access: Access
  readonly observer: RestObserver | undefined
  readonly maxBodyBytes: number
  readonly isDraining: () => boolean
}

/** What was read of a request before tRPC sees it, or why it must not. */
interface Prepared {
  /** What the caller may see of the data plane. */
  readonly predictor: Predictor
  readonly call: CallHeaders
  readonly body: string | undefined
  readonly refusal?: unknown
}

/** The first call has the request's own id, each further one of a batch its number besides. */
function callIds(requestId: string): () => string {
  let calls = 0
  return () => {
    calls += 1
    return calls === 1 ? requestId : `${requestId}/${calls}`
  }
}

/** Serves the tRPC predict API below its mount point. */
export class TrpcHandler {
  readonly #options: TrpcHandlerOptions
  readonly #serve = createPredictHandler()

  constructor(options: TrpcHandlerOptions) {
    this.#options = options
  }

  /** Writes the answer itself, errors in tRPC's form included. */
  async handle(exchange: Exchange, path: string): Promise<void> {
    const { req, res, requestId, startMs } = exchange
    const { observer } = this.#options
    const selected: ServedBy[] = []
    const prepared = await this.#prepare(exchange)
    const predictions = new TrpcPredictions(prepared.predictor, startMs)
    const context: PredictContext = {
      predictor: predictions.predictor,
      call: prepared.call,
      nextRequestId: callIds(requestId),
      onSelected: (servedBy) => selected.push(servedBy),
      onFault: (error) => observer?.onFault(toPlatformError(error)),
    }
    const headers = (statuses: readonly number[]) => this.#headers(requestId, statuses, selected)
    await this.#serve({ req, res, path, ...prepared, context, headers })
    if (observer !== undefined) predictions.tell(observer, selected)
  }

  async #prepare(exchange: Exchange): Promise<Prepared> {
    const { access, predictor: everything } = this.#options
    try {
      const predictor = allowedPredictor(everything, callerOf(access, exchange))
      const call = readCallHeaders(exchange.req.headers)
      if (exchange.method !== 'POST') return { predictor, call, body: undefined }
      const bytes = await this.#read(exchange)
      if (nestsTooDeep(bytes)) {
        throw new PlatformError('request.malformed', 'The body is nested too deep.')
      }
      const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
      return { predictor, call, body }
    } catch (refusal) {
      return { predictor: everything, call: {}, body: '', refusal }
    }
  }

  #read(exchange: Exchange): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      readBody(exchange, this.#options.maxBodyBytes, (body) => {
        if (body instanceof Uint8Array) resolve(body)
        else reject(body)
      })
    })
  }

  #headers(requestId: string, statuses: readonly number[], selected: readonly ServedBy[]) {
    const [servedBy] = selected
    const isOne = new Set(selected.map((one) => `${one.model}@${one.version}/${one.generation}`)).size === 1
    const [status = 200] = statuses
    const headers = answerHeaders(
      requestId,
      isOne ? servedBy : undefined,
      this.#options.predictor.planAgeMs(),
    )
    const retryAfter = statuses.length === 1 ? retryAfterSeconds(status) : undefined
    if (retryAfter !== undefined) headers.push('retry-after', retryAfter)
    if (this.#options.isDraining()) headers.push('connection', 'close')
    return headers
  }
}
