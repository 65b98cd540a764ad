import { PlatformError, type StageTimes, toPlatformError } from '@understudy/core'
import {
  decodeExamplesRequest,
  type ExamplesRequest,
  type ExamplesTarget,
  encodeExamplesResponse,
  mappedOutputNames,
  type TfsRoute,
} from '@understudy/protocols'
import type { VersionDescription } from '@understudy/serving'
import { type CallHeaders, readCallHeaders } from './call-headers.ts'
import type { Exchange } from './exchange.ts'
import { isLargeAnswer, LARGE_EXAMPLES_BYTES } from './large-bodies.ts'
import { pinnedRoute } from './pinned-route.ts'
import type { PredictCallOptions } from './predict-call.ts'
import { readBody } from './read-body.ts'
import { noTimes, nowMs } from './rest-observer.ts'

/** The route of a `:classify` or `:regress`. */
export interface TfsExamplesRoute extends TfsRoute {
  readonly kind: ExamplesTarget['method']
}

export function isExamplesRoute(route: TfsRoute): route is TfsExamplesRoute {
  return route.kind === 'classify' || route.kind === 'regress'
}

/** A large body is not waited for any longer when neither request nor version names a budget. */
const BUDGET_MAX_MS = 600_000

/**
 * One `:classify` or `:regress` of TensorFlow Serving's API from its headers to its written answer. Every error is answered.
 *
 * The model is asked as for `:predict`: examples become its inputs, and its outputs become classes or values.
 */
export class TfsExamplesCall {
  readonly #options: PredictCallOptions
  readonly #exchange: Exchange
  #route: TfsExamplesRoute
  readonly #times: StageTimes = noTimes()
  #headers: CallHeaders = {}

  constructor(options: PredictCallOptions, exchange: Exchange, route: TfsExamplesRoute) {
    this.#options = options
    this.#exchange = exchange
    this.#route = route
  }

  /** Resolves when the answer was written. Never rejects. */
  async run(): Promise<void> {
    const { send, fail } = this.#options
    let failure: PlatformError | undefined
    try {
      send(this.#exchange, { status: 200, body: await this.#answer() })
    } catch (thrown) {
      failure = toPlatformError(thrown)
      fail(this.#exchange, failure, this.#route)
    }
    this.#tell(failure)
  }

  async #answer(): Promise<string | Uint8Array> {
    const { headers } = this.#exchange.req
    this.#route = pinnedRoute(headers, this.#route)
    this.#headers = readCallHeaders(headers)
    const bytes = await this.#body()
    const { model, selector } = this.#route
    const description = this.#options.predictor.describe(model, selector)
    this.#exchange.servedBy = description.servedBy
    const decoded = await this.#decode(bytes, description)
    const { requestId, gone } = this.#exchange
    const { minGeneration, traceparent, header } = this.#headers
    const response = await this.#options.predictor.predict({
      ...{ requestId, model, selector, inputs: decoded.inputs, outputs: mappedOutputNames(decoded.mapping) },
      ...{ timeoutMs: decoded.timeoutMs, signal: gone, minGeneration, traceparent, header },
      times: this.#times,
    })
    this.#exchange.servedBy = response.servedBy
    const beganMs = performance.now()
    const made = { mapping: decoded.mapping, classLabels: description.classLabels }
    const { largeBodies } = this.#options
    const body =
      largeBodies !== undefined && isLargeAnswer(response.outputs)
        ? await largeBodies.encodeExamples(response.outputs, made)
        : encodeExamplesResponse(response.outputs, made.mapping, made.classLabels)
    this.#times.encodeMs = performance.now() - beganMs
    return body
  }

  #body(): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      readBody(this.#exchange, this.#options.maxBodyBytes, (body) => {
        if (body instanceof Uint8Array) resolve(body)
        else reject(body)
      })
    })
  }

  async #decode(
    bytes: Uint8Array,
    { signature, signatures, timeoutMs }: VersionDescription,
  ): Promise<ExamplesRequest & { readonly timeoutMs: number | undefined }> {
    const { largeBodies } = this.#options
    const target: ExamplesTarget = { method: this.#route.kind, signature, signatures }
    const beganMs = performance.now()
    const asked = this.#headers.timeoutMs
    if (largeBodies === undefined || bytes.length < LARGE_EXAMPLES_BYTES) {
      const request = decodeExamplesRequest(bytes, target)
      this.#times.decodeMs = performance.now() - beganMs
      return { ...request, timeoutMs: asked }
    }
    const budgetMs = asked ?? timeoutMs ?? BUDGET_MAX_MS
    const leftMs = () => budgetMs - (nowMs() - this.#exchange.startMs)
    const request = await within(largeBodies.decodeExamples(bytes, target), leftMs(), budgetMs)
    this.#times.decodeMs = performance.now() - beganMs
    if (leftMs() <= 0) throw readTooLong(budgetMs)
    return { ...request, timeoutMs: leftMs() }
  }

  #tell(error: PlatformError | undefined): void {
    const { requestId, startMs, servedBy } = this.#exchange
    this.#options.observer?.requestEnded({
      ...{ requestId, protocol: 'tfs-rest', model: this.#route.model, servedBy, error },
      task: this.#route.kind,
      ...{ traceparent: this.#headers.traceparent, times: this.#times },
      ...{ startedAtMs: startMs, tookMs: nowMs() - startMs },
    })
  }
}

/** A body that is decoded elsewhere uses up its budget meanwhile. */
async function within<T>(task: Promise<T>, leftMs: number, budgetMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(readTooLong(budgetMs)), Math.max(0, leftMs))
  })
  try {
    return await Promise.race([task, tooLate])
  } finally {
    clearTimeout(timer)
  }
}

function readTooLong(budgetMs: number): PlatformError {
  return new PlatformError(
    'serving.deadline_exceeded',
    `The request was read for longer than the ${budgetMs} ms that it has.`,
  )
}
