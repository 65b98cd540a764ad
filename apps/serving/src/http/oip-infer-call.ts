import {
  type InferenceRequest,
  type InferenceResponse,
  type PlatformError,
  type StageTimes,
  toPlatformError,
  type VersionSelector,
} from '@understudy/core'
import {
  type AnswerForm,
  checkAnswerForm,
  decodeInferRequest,
  INFERENCE_HEADER_LENGTH,
  type InferContext,
  type InferRequest,
  parseHeaderLength,
  textElements,
} from '@understudy/protocols'
import {
  type PredictionReceiver,
  type Predictor,
  submitTo,
  type VersionDescription,
} from '@understudy/serving'
import type { AnswerBurst, DueAnswer } from './answer-burst.ts'
import { type CallHeaders, readCallHeaders } from './call-headers.ts'
import type { Exchange } from './exchange.ts'
import { isLargeInfer, LARGE_INFER_ELEMENTS, leastBudget, readTooLong } from './infer-rules.ts'
import type { InferTexts } from './infer-texts.ts'
import type { KeptDocuments } from './kept-documents.ts'
import type { LargeBodies } from './large-bodies.ts'
import { compressed, type OipAnswer, type OipWriter } from './oip-writer.ts'
import { pinnedSelector } from './pinned-selector.ts'
import { OIP_ENCODINGS, readBody } from './read-body.ts'
import { noTimes, nowMs, type RestObserver } from './rest-observer.ts'

export interface OipInferOptions {
  readonly observer: RestObserver | undefined
  readonly largeBodies: LargeBodies | undefined
  readonly maxBodyBytes: number
  readonly burst: AnswerBurst
  readonly documents: KeptDocuments
  readonly texts: InferTexts
  readonly writer: OipWriter
}

/** What a call is for: the data plane as its caller sees it, and the model that its path names. */
export interface OipInferTarget {
  readonly predictor: Predictor
  readonly model: string
  readonly selector: VersionSelector
}

/** A large body is not waited for any longer when neither request nor version names a budget. */
const BUDGET_MAX_MS = 600_000
const NO_SIGNATURE = { inputs: [], outputs: [] }
const ALL_AS_JSON: AnswerForm = { id: '', outputs: undefined, isBinary: false }

/**
 * One `infer` of the Open Inference Protocol from its headers to its written answer. Every error is answered.
 *
 * Steps are called by whoever has what the next one needs, without a promise in between, and objects are written out: see the hot path
 * in the README.
 */
export class OipInferCall implements PredictionReceiver, DueAnswer {
  readonly #options: OipInferOptions
  readonly #exchange: Exchange
  readonly #target: OipInferTarget
  readonly #times: StageTimes = noTimes()
  #selector: VersionSelector
  #headers: CallHeaders = {}
  #headerLength: number | undefined
  #described: VersionDescription | undefined
  #form = ALL_AS_JSON
  #answer: OipAnswer = { status: 200, body: '' }
  #error: PlatformError | undefined
  /** Its answer is made, or it has none to wait for. */
  #isEnded = false

  constructor(options: OipInferOptions, exchange: Exchange, target: OipInferTarget) {
    this.#options = options
    this.#exchange = exchange
    this.#target = target
    this.#selector = target.selector
  }

  start(): void {
    try {
      const { headers } = this.#exchange.req
      this.#headers = readCallHeaders(headers)
      this.#selector = pinnedSelector(headers, this.#target.selector)
      const headerLength = headers[INFERENCE_HEADER_LENGTH]
      this.#headerLength = parseHeaderLength(headerLength === undefined ? undefined : String(headerLength))
      const onRead = (body: Uint8Array | PlatformError) => {
        if (body instanceof Uint8Array) this.#decode(body)
        else this.failed(body)
      }
      readBody(this.#exchange, this.#options.maxBodyBytes, onRead, OIP_ENCODINGS)
    } catch (error) {
      this.failed(error)
    }
  }

  #decode(bytes: Uint8Array): void {
    try {
      const { predictor, model } = this.#target
      const described = predictor.describe(model, this.#selector)
      const { servedBy, signature, timeoutMs } = described
      this.#described = described
      this.#exchange.servedBy = servedBy
      const context: InferContext = { headerLength: this.#headerLength, model, signature }
      const { largeBodies } = this.#options
      if (largeBodies !== undefined && isLargeInfer(bytes, context)) {
        this.#await(
          largeBodies.decodeInfer(bytes, context),
          this.#headers.timeoutMs ?? timeoutMs ?? BUDGET_MAX_MS,
        )
        return
      }
      const beganMs = performance.now()
      const { documents } = this.#options
      const request =
        this.#headerLength === undefined
          ? decodeInferRequest(bytes, context)
          : decodeInferRequest(bytes, context, documents.read)
      this.#times.decodeMs = performance.now() - beganMs
      this.#predict(request, this.#headers.timeoutMs)
    } catch (error) {
      this.failed(error)
    }
  }

  /** A body that is decoded elsewhere uses up its budget meanwhile. */
  #await(decoded: Promise<InferRequest>, budgetMs: number): void {
    const beganMs = performance.now()
    const leftMs = () => budgetMs - (nowMs() - this.#exchange.startMs)
    const tooLate = setTimeout(() => this.failed(readTooLong(budgetMs)), leftMs())
    decoded
      .finally(() => clearTimeout(tooLate))
      .then(
        (request) => {
          this.#times.decodeMs = performance.now() - beganMs
          if (leftMs() <= 0) this.failed(readTooLong(budgetMs))
          else if (!this.#isEnded) this.#predict(request, leftMs())
        },
        (error) => this.failed(error),
      )
  }

  #predict({ inputs, form, timeoutMs }: InferRequest, headerTimeoutMs: number | undefined): void {
    const { requestId, gone } = this.#exchange
    const { minGeneration, traceparent, header } = this.#headers
    const { predictor, model } = this.#target
    try {
      this.#form = form
      if (this.#described !== undefined) checkAnswerForm(form, this.#described.signature)
    } catch (error) {
      this.failed(error)
      return
    }
    const request: InferenceRequest = {
      requestId,
      model,
      selector: this.#selector,
      inputs,
      outputs: form.outputs?.map(({ name }) => name),
      timeoutMs: leastBudget(timeoutMs, headerTimeoutMs),
      signal: gone,
      minGeneration,
      traceparent,
      header,
      times: this.#times,
    }
    submitTo(predictor, request, this)
  }

  /** For the predictor. */
  answered({ outputs, servedBy }: InferenceResponse): void {
    try {
      this.#exchange.servedBy = servedBy
      const { signature = NO_SIGNATURE, classLabels = {} } = this.#described ?? {}
      const { version } = servedBy
      const answer = { model: this.#target.model, version, outputs, form: this.#form, signature, classLabels }
      const { largeBodies, texts } = this.#options
      const beganMs = performance.now()
      if (largeBodies !== undefined && textElements(outputs, this.#form) >= LARGE_INFER_ELEMENTS) {
        largeBodies.encodeInfer(answer).then(
          (body) => this.#compress(body, beganMs),
          (error) => this.failed(error),
        )
      } else this.#compress(texts.of(answer), beganMs)
    } catch (error) {
      this.failed(error)
    }
  }

  #compress(answer: Omit<OipAnswer, 'status'>, beganMs: number): void {
    const { body, headerLength } = answer
    const whole: OipAnswer = { status: 200, body, headerLength, encoding: undefined }
    const accepted = this.#exchange.req.headers['accept-encoding']
    if (accepted === undefined) this.#made(whole, beganMs)
    else compressed(String(accepted), whole, (made) => this.#made(made, beganMs))
  }

  #made(answer: OipAnswer, beganMs: number): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#times.encodeMs = performance.now() - beganMs
    this.#answer = answer
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
    const { writer } = this.#options
    try {
      if (this.#error === undefined) {
        writer.send(this.#exchange, this.#answer)
        return
      }
    } catch (thrown) {
      this.#error = toPlatformError(thrown)
    }
    writer.fail(this.#exchange, this.#error, { model: this.#target.model, selector: this.#selector })
  }

  /** For the burst too. */
  written(atMs: number): void {
    const { requestId, startMs, servedBy } = this.#exchange
    this.#options.observer?.requestEnded({
      requestId,
      protocol: 'oip-rest',
      model: this.#target.model,
      servedBy,
      traceparent: this.#headers.traceparent,
      times: this.#times,
      error: this.#error,
      startedAtMs: startMs,
      tookMs: atMs - startMs,
    })
  }
}
