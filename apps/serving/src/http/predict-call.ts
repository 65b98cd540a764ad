import {
  type InferenceRequest,
  type InferenceResponse,
  PlatformError,
  type StageTimes,
  toPlatformError,
} from '@understudy/core'
import {
  decodePredictBody,
  encodePredictResponse,
  type PredictBody,
  type PredictForm,
  type TfsRoute,
} from '@understudy/protocols'
import type { Predictor } from '@understudy/serving'
import { type CallHeaders, readCallHeaders } from './call-headers.ts'
import type { Answer, Exchange } from './exchange.ts'
import { isLargeAnswer, LARGE_BODY_BYTES, type LargeBodies } from './large-bodies.ts'
import { readBody } from './read-body.ts'
import { noTimes, nowMs, type RestObserver } from './rest-observer.ts'

export interface PredictCallOptions {
  readonly predictor: Predictor
  readonly observer: RestObserver | undefined
  readonly largeBodies: LargeBodies | undefined
  readonly maxBodyBytes: number
  /** Writes the answer, or the error in the form of the route. */
  readonly send: (exchange: Exchange, answer: Answer) => void
  readonly fail: (exchange: Exchange, error: PlatformError, route: TfsRoute) => void
}

/** A large body is not waited for any longer when neither request nor version names a budget. */
const BUDGET_MAX_MS = 600_000

/**
 * One `:predict` of TensorFlow Serving's API from its headers to its written answer. Every error is answered.
 *
 * Steps are called by whoever has what the next one needs, without a promise in between: the way of a small request through here is
 * most of what it costs. For the same reason objects are written out: a spread into a literal costs ten times as much.
 */
export class PredictCall {
  readonly #options: PredictCallOptions
  readonly #exchange: Exchange
  readonly #route: TfsRoute
  readonly #times: StageTimes = noTimes()
  #headers: CallHeaders = {}
  #form: PredictForm = 'row'
  #isEnded = false

  constructor(options: PredictCallOptions, exchange: Exchange, route: TfsRoute) {
    this.#options = options
    this.#exchange = exchange
    this.#route = route
  }

  start(): void {
    try {
      this.#headers = readCallHeaders(this.#exchange.req.headers)
      readBody(this.#exchange, this.#options.maxBodyBytes, (body) => {
        if (body instanceof Uint8Array) this.#decode(body)
        else this.#failed(body)
      })
    } catch (error) {
      this.#failed(error)
    }
  }

  #decode(bytes: Uint8Array): void {
    try {
      const { predictor, largeBodies } = this.#options
      const { servedBy, signature, timeoutMs } = predictor.describe(this.#route.model, this.#route.selector)
      this.#exchange.servedBy = servedBy
      if (largeBodies !== undefined && bytes.length >= LARGE_BODY_BYTES) {
        const decoded = largeBodies.decodePredict(bytes, signature)
        this.#await(decoded, this.#headers.timeoutMs ?? timeoutMs ?? BUDGET_MAX_MS)
        return
      }
      const beganMs = performance.now()
      const body = decodePredictBody(bytes, signature)
      this.#times.decodeMs = performance.now() - beganMs
      this.#predict(body, this.#headers.timeoutMs)
    } catch (error) {
      this.#failed(error)
    }
  }

  /** A body that is decoded elsewhere uses up its budget meanwhile. */
  #await(decoded: Promise<PredictBody>, budgetMs: number): void {
    const beganMs = performance.now()
    const leftMs = () => budgetMs - (nowMs() - this.#exchange.startMs)
    const tooLate = setTimeout(() => this.#failed(readTooLong(budgetMs)), leftMs())
    decoded
      .finally(() => clearTimeout(tooLate))
      .then(
        (body) => {
          this.#times.decodeMs = performance.now() - beganMs
          if (leftMs() <= 0) this.#failed(readTooLong(budgetMs))
          else if (!this.#isEnded) this.#predict(body, leftMs())
        },
        (error) => this.#failed(error),
      )
  }

  #predict({ form, inputs }: PredictBody, timeoutMs: number | undefined): void {
    const { requestId, gone } = this.#exchange
    const { minGeneration, traceparent } = this.#headers
    const { model, selector } = this.#route
    this.#form = form
    const request: InferenceRequest = {
      requestId,
      model,
      selector,
      inputs,
      timeoutMs,
      signal: gone,
      minGeneration,
      traceparent,
      times: this.#times,
    }
    this.#options.predictor.predict(request).then(
      (response) => this.#encode(response),
      (error) => this.#failed(error),
    )
  }

  #encode({ outputs, servedBy }: InferenceResponse): void {
    try {
      this.#exchange.servedBy = servedBy
      const { largeBodies } = this.#options
      const beganMs = performance.now()
      if (largeBodies !== undefined && isLargeAnswer(outputs)) {
        largeBodies.encodePredict(outputs, this.#form).then(
          (body) => this.#answer(body, beganMs),
          (error) => this.#failed(error),
        )
      } else this.#answer(encodePredictResponse(outputs, this.#form), beganMs)
    } catch (error) {
      this.#failed(error)
    }
  }

  #answer(body: string | Uint8Array, beganMs: number): void {
    if (this.#isEnded) return
    this.#times.encodeMs = performance.now() - beganMs
    this.#options.send(this.#exchange, { status: 200, body })
    this.#ended(undefined)
  }

  #failed(thrown: unknown): void {
    if (this.#isEnded) return
    const error = toPlatformError(thrown)
    this.#options.fail(this.#exchange, error, this.#route)
    this.#ended(error)
  }

  #ended(error: PlatformError | undefined): void {
    this.#isEnded = true
    const { requestId, startMs, servedBy } = this.#exchange
    this.#options.observer?.requestEnded({
      requestId,
      protocol: 'tfs-rest',
      model: this.#route.model,
      servedBy,
      traceparent: this.#headers.traceparent,
      times: this.#times,
      error,
      startedAtMs: startMs,
      tookMs: nowMs() - startMs,
    })
  }
}

function readTooLong(budgetMs: number): PlatformError {
  return new PlatformError(
    'serving.deadline_exceeded',
    `The request was read for longer than the ${budgetMs} ms that it has.`,
  )
}
