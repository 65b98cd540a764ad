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
import { type PredictionReceiver, type Predictor, submitTo } from '@understudy/serving'
import type { AnswerBurst, DueAnswer } from './answer-burst.ts'
import { type CallHeaders, readCallHeaders } from './call-headers.ts'
import type { Answer, Exchange } from './exchange.ts'
import { isLargeAnswer, LARGE_BODY_BYTES, type LargeBodies } from './large-bodies.ts'
import { pinnedRoute } from './pinned-route.ts'
import { readBody } from './read-body.ts'
import { noTimes, nowMs, type RestObserver } from './rest-observer.ts'

export interface PredictCallOptions {
  readonly predictor: Predictor
  readonly observer: RestObserver | undefined
  readonly largeBodies: LargeBodies | undefined
  readonly maxBodyBytes: number
  readonly burst: AnswerBurst
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
export class PredictCall implements PredictionReceiver, DueAnswer {
  readonly #options: PredictCallOptions
  readonly #exchange: Exchange
  #route: TfsRoute
  readonly #times: StageTimes = noTimes()
  #headers: CallHeaders = {}
  #form: PredictForm = 'row'
  #body: string | Uint8Array = ''
  #error: PlatformError | undefined
  /** Its answer is made, or it has none to wait for. */
  #isEnded = false

  constructor(options: PredictCallOptions, exchange: Exchange, route: TfsRoute) {
    this.#options = options
    this.#exchange = exchange
    this.#route = route
  }

  start(): void {
    try {
      const { headers } = this.#exchange.req
      this.#route = pinnedRoute(headers, this.#route)
      this.#headers = readCallHeaders(headers)
      readBody(this.#exchange, this.#options.maxBodyBytes, (body) => {
        if (body instanceof Uint8Array) this.#decode(body)
        else this.failed(body)
      })
    } catch (error) {
      this.failed(error)
    }
  }

  #decode(bytes: Uint8Array): void {
    try {
      const { predictor, largeBodies } = this.#options
      const { model, selector } = this.#route
      const { servedBy, signature, signatures, timeoutMs } = predictor.describe(model, selector)
      this.#exchange.servedBy = servedBy
      if (largeBodies !== undefined && bytes.length >= LARGE_BODY_BYTES) {
        const decoded = largeBodies.decodePredict(bytes, signature, signatures)
        this.#await(decoded, this.#headers.timeoutMs ?? timeoutMs ?? BUDGET_MAX_MS)
        return
      }
      const beganMs = performance.now()
      const body = decodePredictBody(bytes, signature, signatures)
      this.#times.decodeMs = performance.now() - beganMs
      this.#predict(body, this.#headers.timeoutMs)
    } catch (error) {
      this.failed(error)
    }
  }

  /** A body that is decoded elsewhere uses up its budget meanwhile. */
  #await(decoded: Promise<PredictBody>, budgetMs: number): void {
    const beganMs = performance.now()
    const leftMs = () => budgetMs - (nowMs() - this.#exchange.startMs)
    const tooLate = setTimeout(() => this.failed(readTooLong(budgetMs)), leftMs())
    decoded
      .finally(() => clearTimeout(tooLate))
      .then(
        (body) => {
          this.#times.decodeMs = performance.now() - beganMs
          if (leftMs() <= 0) this.failed(readTooLong(budgetMs))
          else if (!this.#isEnded) this.#predict(body, leftMs())
        },
        (error) => this.failed(error),
      )
  }

  #predict({ form, inputs }: PredictBody, timeoutMs: number | undefined): void {
    const { requestId, gone } = this.#exchange
    const { minGeneration, traceparent, header } = this.#headers
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
      header,
      times: this.#times,
    }
    submitTo(this.#options.predictor, request, this)
  }

  /** For the predictor. */
  answered({ outputs, servedBy }: InferenceResponse): void {
    try {
      this.#exchange.servedBy = servedBy
      const { largeBodies } = this.#options
      const beganMs = performance.now()
      if (largeBodies !== undefined && isLargeAnswer(outputs)) {
        largeBodies.encodePredict(outputs, this.#form).then(
          (body) => this.#answer(body, beganMs),
          (error) => this.failed(error),
        )
      } else this.#answer(encodePredictResponse(outputs, this.#form), beganMs)
    } catch (error) {
      this.failed(error)
    }
  }

  #answer(body: string | Uint8Array, beganMs: number): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#times.encodeMs = performance.now() - beganMs
    this.#body = body
    this.#options.burst.add(this)
  }

  /** For the predictor too. */
  failed(thrown: unknown): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#error = toPlatformError(thrown)
    this.#options.burst.add(this)
  }

  /** For the burst. */
  write(): void {
    const { send, fail } = this.#options
    try {
      if (this.#error === undefined) {
        send(this.#exchange, { status: 200, body: this.#body })
        return
      }
    } catch (thrown) {
      this.#error = toPlatformError(thrown)
    }
    fail(this.#exchange, this.#error, this.#route)
  }

  /** For the burst too. */
  written(atMs: number): void {
    const { requestId, startMs, servedBy } = this.#exchange
    this.#options.observer?.requestEnded({
      requestId,
      protocol: 'tfs-rest',
      model: this.#route.model,
      servedBy,
      traceparent: this.#headers.traceparent,
      times: this.#times,
      error: this.#error,
      startedAtMs: startMs,
      tookMs: atMs - startMs,
    })
  }
}

function readTooLong(budgetMs: number): PlatformError {
  return new PlatformError(
    'serving.deadline_exceeded',
    `The request was read for longer than the ${budgetMs} ms that it has.`,
  )
}
