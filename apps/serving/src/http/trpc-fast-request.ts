import { callIdOf, decodePredictCalls, type PredictCall, selectorOf } from '@understudy/api/predict'
import type { LargeCall } from '@understudy/api/predict-codec'
import { PlatformError, type ServedBy, toPlatformError, type VersionSelector } from '@understudy/core'
import { type Predictor, submitTo, type VersionDescription } from '@understudy/serving'
import type { AnswerBurst, DueAnswer } from './answer-burst.ts'
import { type BodyPart, joinTexts } from './body-parts.ts'
import { type CallHeaders, readCallHeaders } from './call-headers.ts'
import type { Exchange } from './exchange.ts'
import { LARGE_BODY_BYTES, type LargeBodies } from './large-bodies.ts'
import { pinnedSelector } from './pinned-selector.ts'
import { readBody } from './read-body.ts'
import { nowMs, type RestObserver } from './rest-observer.ts'
import { TrpcAnswerLines } from './trpc-answer-lines.ts'
import { TrpcFastCall } from './trpc-fast-call.ts'
import type { TrpcFastRoute } from './trpc-fast-route.ts'
import { onlyVersion, type TrpcAnswer, type TrpcFastWriter } from './trpc-fast-writer.ts'
import { asPredictCall, readLargeCalls } from './trpc-large-body.ts'

export interface TrpcFastOptions {
  readonly observer: RestObserver | undefined
  readonly largeBodies: LargeBodies | undefined
  readonly maxBodyBytes: number
  readonly burst: AnswerBurst
  readonly writer: TrpcFastWriter
  /** Has the stock adapter answer a request of which nothing was run. */
  readonly stepAside: (exchange: Exchange, target: TrpcTarget, read: Uint8Array | PlatformError) => void
}

/** What a request is for. */
export interface TrpcTarget {
  /** The data plane as its caller may see it. */
  readonly predictor: Predictor
  /** Below the mount point. */
  readonly path: string
}

/**
 * One HTTP request for `predict` from its headers to its written answer, as the stock adapter would answer it, byte for byte. Whatever it
 * is not sure of goes to that adapter, before anything was run.
 *
 * Steps are called by whoever has what the next one needs, without a promise in between: see the hot path in the README.
 */
export class TrpcFastRequest implements DueAnswer {
  readonly #options: TrpcFastOptions
  readonly #exchange: Exchange
  readonly #target: TrpcTarget
  readonly #route: TrpcFastRoute
  #headers: CallHeaders = {}
  /** What a call was described as when it was read. */
  #described: { readonly target: PredictCall['target']; readonly version: VersionDescription } | undefined
  #calls: readonly TrpcFastCall[] = []
  /** Calls without an answer. */
  #open = 0
  /** Calls whose answer is not written yet, and those of the burst that is being written. */
  #ready: TrpcFastCall[] = []
  #due: TrpcFastCall[] = []
  #isDue = false
  /** It was read off the loop. */
  #isLarge = false
  #lines: TrpcAnswerLines | undefined

  constructor(options: TrpcFastOptions, exchange: Exchange, target: TrpcTarget, route: TrpcFastRoute) {
    this.#options = options
    this.#exchange = exchange
    this.#target = target
    this.#route = route
  }

  start(): void {
    try {
      this.#headers = readCallHeaders(this.#exchange.req.headers)
    } catch (error) {
      this.#stepAside(toPlatformError(error))
      return
    }
    readBody(this.#exchange, this.#options.maxBodyBytes, (body) => {
      if (body instanceof Uint8Array) this.#decode(body)
      else this.#stepAside(body)
    })
  }

  #stepAside(read: Uint8Array | PlatformError): void {
    this.#options.stepAside(this.#exchange, this.#target, read)
  }

  #decode(bytes: Uint8Array): void {
    const { largeBodies } = this.#options
    if (largeBodies !== undefined && bytes.length >= LARGE_BODY_BYTES) {
      void this.#decodeElsewhere(bytes, largeBodies)
      return
    }
    const beganMs = performance.now()
    const asked = this.#read(bytes)
    if (asked === undefined) {
      this.#stepAside(bytes)
      return
    }
    const decodeMs = performance.now() - beganMs
    this.#open = asked.length
    this.#calls = asked.map((call, index) => this.#callOf(call, index, decodeMs))
    for (const call of this.#calls) this.#run(call)
  }

  async #decodeElsewhere(bytes: Uint8Array, largeBodies: LargeBodies): Promise<void> {
    const { count } = this.#route
    const beganMs = performance.now()
    let read: readonly LargeCall[]
    try {
      const signatureOf = (target: PredictCall['target']) => this.#describe(target)?.signature
      read = await readLargeCalls(bytes, { largeBodies, count, signatureOf })
    } catch (error) {
      this.#stepAside(toPlatformError(error))
      return
    }
    this.#isLarge = true
    const decodeMs = performance.now() - beganMs
    this.#open = read.length
    this.#calls = read.map((call, index) => this.#callOf(asPredictCall(call), index, decodeMs))
    for (const call of this.#calls) {
      const why = read[call.index]
      if (why?.kind !== 'refused') this.#run(call)
      else call.refused(why.message, why.isShared ? this.#exchange.requestId : call.requestId)
    }
  }

  #read(bytes: Uint8Array): readonly PredictCall[] | undefined {
    return decodePredictCalls(bytes, this.#route.count, (target) => {
      const version = this.#describe(target)
      if (version !== undefined) this.#described = { target, version }
      return version?.signature
    })
  }

  /** Undefined where there is none: why is said when the call is run. */
  #describe(target: PredictCall['target']): VersionDescription | undefined {
    try {
      return this.#target.predictor.describe(target.model, this.#selectorOf(target))
    } catch {
      return undefined
    }
  }

  #selectorOf(target: PredictCall['target']): VersionSelector {
    return pinnedSelector(this.#exchange.req.headers, selectorOf(target))
  }

  #callOf(asked: PredictCall | undefined, index: number, decodeMs: number): TrpcFastCall {
    return new TrpcFastCall(asked, {
      requestId: callIdOf(this.#exchange.requestId, index),
      index,
      decodeMs,
      largeBodies: this.#options.largeBodies,
      onEnded: (ended) => this.#ended(ended),
    })
  }

  #run(call: TrpcFastCall): void {
    const { asked, requestId, times } = call
    if (asked === undefined) return
    try {
      const { target, outputs } = asked
      const { predictor } = this.#target
      const selector = this.#selectorOf(target)
      const known = this.#described?.target === target ? this.#described.version : undefined
      const version = known ?? predictor.describe(target.model, selector)
      call.selected = version.servedBy
      const beganMs = performance.now()
      const inputs = asked.inputsFor(version.signature)
      times.decodeMs += performance.now() - beganMs
      const { minGeneration, traceparent, header } = this.#headers
      const timeoutMs = this.#budgetMs(asked.timeoutMs ?? this.#headers.timeoutMs, version.timeoutMs)
      const signal = this.#exchange.gone
      const { model } = target
      submitTo(
        predictor,
        {
          requestId,
          model,
          selector,
          inputs,
          outputs,
          timeoutMs,
          signal,
          minGeneration,
          traceparent,
          header,
          times,
        },
        call,
      )
    } catch (error) {
      call.failed(error)
    }
  }

  /** Reading a body elsewhere uses up the budget of its calls meanwhile. */
  #budgetMs(ofRequestMs: number | undefined, ofVersionMs: number | undefined): number | undefined {
    if (!this.#isLarge) return ofRequestMs
    const budgetMs = ofRequestMs ?? ofVersionMs
    if (budgetMs === undefined) return undefined
    const leftMs = budgetMs - (nowMs() - this.#exchange.startMs)
    if (leftMs > 0) return leftMs
    throw new PlatformError(
      'serving.deadline_exceeded',
      `The request was read for longer than the ${budgetMs} ms that it has.`,
    )
  }

  #ended(call: TrpcFastCall): void {
    this.#open -= 1
    this.#ready.push(call)
    if (this.#isDue || (this.#open > 0 && !this.#route.isStream)) return
    this.#isDue = true
    this.#options.burst.add(this)
  }

  /** For the burst. */
  write(): void {
    this.#isDue = false
    this.#due = this.#ready
    this.#ready = []
    const { writer } = this.#options
    if (this.#route.isStream) {
      this.#lines ??= new TrpcAnswerLines(this.#calls.length)
      writer.sendLines(this.#exchange, joinTexts(this.#lines.of(this.#due)), this.#open === 0)
    } else writer.send(this.#exchange, this.#whole())
  }

  #whole(): TrpcAnswer {
    const { isBatch } = this.#route.count
    const statuses: number[] = []
    const selected: ServedBy[] = []
    const parts: BodyPart[] = [isBatch ? '[' : '']
    for (const call of this.#calls) {
      const { index, httpStatus, data, errorText } = call
      statuses.push(httpStatus)
      const servedBy = call.answeredBy ?? call.selected
      if (servedBy !== undefined) selected.push(servedBy)
      if (index > 0) parts.push(',')
      if (data === undefined) parts.push(`{"error":${errorText}}`)
      else parts.push('{"result":{"data":', ...data, '}}')
    }
    if (isBatch) parts.push(']')
    return { body: joinTexts(parts), statuses, servedBy: onlyVersion(selected) }
  }

  /** For the burst too. */
  written(atMs: number): void {
    const { observer } = this.#options
    if (observer === undefined) return
    const { startMs } = this.#exchange
    const tookMs = atMs - startMs
    for (const call of this.#due) {
      const { asked, requestId, times, error } = call
      if (asked === undefined) continue
      if (call.isFault && error !== undefined) observer.onFault(error)
      observer.requestEnded({
        requestId,
        protocol: 'trpc',
        model: asked.target.model,
        servedBy: call.answeredBy ?? call.selected,
        traceparent: this.#headers.traceparent,
        times,
        error,
        startedAtMs: startMs,
        tookMs,
      })
    }
  }
}
