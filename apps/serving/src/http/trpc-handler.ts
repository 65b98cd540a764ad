import { BATCH_SIZE_MAX, createPredictHandler, type PredictContext } from '@understudy/api/predict'
import { type KeyVerb, PlatformError, type ServedBy, toPlatformError } from '@understudy/core'
import { nestsTooDeep } from '@understudy/protocols'
import type { Predictor } from '@understudy/serving'
import type { Access } from '../auth/access.ts'
import { allowedPredictor } from '../auth/allowed-predictor.ts'
import { AnswerBurst } from './answer-burst.ts'
import { type CallHeaders, readCallHeaders } from './call-headers.ts'
import { callerOf } from './caller-of.ts'
import type { Exchange } from './exchange.ts'
import type { LargeBodies } from './large-bodies.ts'
import { type OutcomeRecord, outcomesReporter } from './outcomes-reporter.ts'
import { pinnedSelector } from './pinned-selector.ts'
import { readBody } from './read-body.ts'
import type { RestObserver } from './rest-observer.ts'
import { type TrpcFastOptions, TrpcFastRequest, type TrpcTarget } from './trpc-fast-request.ts'
import { decideFastRoute } from './trpc-fast-route.ts'
import { onlyVersion, TrpcFastWriter, type TrpcWriterOptions, trpcHeaders } from './trpc-fast-writer.ts'
import { TrpcPredictions } from './trpc-predictions.ts'

const REPORT_PATH = 'outcomes.report'

export interface TrpcHandlerOptions {
  readonly predictor: Predictor
  readonly access: Access
  /** Undefined: outcomes are not taken. */
  readonly outcomes: OutcomeRecord | undefined
  readonly observer: RestObserver | undefined
  readonly largeBodies: LargeBodies | undefined
  readonly maxBodyBytes: number
  readonly keepAliveTimeoutMs: number
  readonly isDraining: () => boolean
  /** Answers what should not happen. */
  readonly fail: (exchange: Exchange, error: PlatformError) => void
  /** False leaves everything to tRPC's own adapter. @defaultValue true */
  readonly hasFastPath?: boolean | undefined
}

/** What was read of a request before tRPC sees it, or why it must not. */
interface Prepared {
  readonly call: CallHeaders
  readonly body: string | undefined
  readonly refusal?: unknown
}

/**
 * Serves the tRPC predict API below its mount point: usual requests for `predict` by the short way, all others by tRPC's own adapter.
 * Which of the two it was, no client can tell.
 */
export class TrpcHandler {
  readonly #options: TrpcHandlerOptions
  readonly #serve = createPredictHandler()
  readonly #headersFor: Pick<TrpcWriterOptions, 'planAgeMs' | 'isDraining'>
  readonly #fast: TrpcFastOptions

  constructor(options: TrpcHandlerOptions) {
    const { predictor, observer, largeBodies, maxBodyBytes, isDraining, keepAliveTimeoutMs } = options
    this.#options = options
    this.#headersFor = { isDraining, planAgeMs: () => predictor.planAgeMs() }
    this.#fast = {
      observer,
      largeBodies,
      maxBodyBytes,
      burst: new AnswerBurst(),
      writer: new TrpcFastWriter({ ...this.#headersFor, keepAliveTimeoutMs }),
      stepAside: (exchange, target, read) => this.#await(exchange, this.#stock(exchange, target, read)),
    }
  }

  /** Writes the answer itself, errors in tRPC's form included. */
  handle(exchange: Exchange, path: string): void {
    const { access, predictor: everything, hasFastPath } = this.#options
    const { method, req } = exchange
    let target: TrpcTarget = { path, predictor: everything }
    try {
      target = { path, predictor: allowedPredictor(everything, callerOf(access, exchange, verbOf(path))) }
    } catch (refusal) {
      this.#await(exchange, this.#stock(exchange, target, toPlatformError(refusal)))
      return
    }
    const line = { method, url: req.url ?? '', path, headers: req.headers }
    const route = hasFastPath === false ? undefined : decideFastRoute(line)
    if (route === undefined) this.#await(exchange, this.#stock(exchange, target, undefined))
    else new TrpcFastRequest(this.#fast, exchange, target, route).start()
  }

  #await(exchange: Exchange, answered: Promise<void>): void {
    answered.catch((error) => this.#options.fail(exchange, toPlatformError(error)))
  }

  /** @param read the body, or why no call may run; undefined when nothing was read yet */
  async #stock(
    exchange: Exchange,
    { path, predictor }: TrpcTarget,
    read: Uint8Array | PlatformError | undefined,
  ): Promise<void> {
    const req = exchange.wire.takeNodeRequest()
    if (req === undefined) return
    const { requestId, startMs } = exchange
    const res = exchange.wire.nodeResponse()
    const { observer } = this.#options
    const selected = new Map<number, ServedBy>()
    const { call, body, refusal } = await this.#prepare(exchange, read)
    const predictions = new TrpcPredictions(predictor, startMs)
    const context: PredictContext = {
      predictor: predictions.predictor,
      outcomes: outcomesReporter(this.#options, exchange),
      call,
      requestId,
      pinned: (ofInput) => pinnedSelector(req.headers, ofInput),
      onSelected: (servedBy, batchIndex) => selected.set(batchIndex, servedBy),
      onFault: (error) => observer?.onFault(toPlatformError(error)),
    }
    const headers = (statuses: readonly number[]) =>
      trpcHeaders(this.#headersFor, { requestId, statuses, servedBy: onlyVersion([...selected.values()]) })
    await this.#serve({ req, res, path, body, refusal, context, headers })
    if (observer !== undefined) predictions.tell(observer, [...selected.values()])
  }

  async #prepare(exchange: Exchange, read: Uint8Array | PlatformError | undefined): Promise<Prepared> {
    try {
      if (read instanceof PlatformError) throw read
      const call = readCallHeaders(exchange.req.headers)
      if (exchange.method !== 'POST') return { call, body: undefined }
      const bytes = read ?? (await this.#read(exchange))
      if (nestsTooDeep(bytes)) {
        throw new PlatformError('request.malformed', 'The body is nested too deep.')
      }
      const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
      return { call, body }
    } catch (refusal) {
      return { call: {}, body: '', refusal }
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
}

/** What a key must be good for: one that only reports need not be one that predicts. Each report asks for itself, besides. */
function verbOf(path: string): KeyVerb {
  return path.split(',', BATCH_SIZE_MAX + 1).every((one) => one === REPORT_PATH) ? 'report' : 'predict'
}
