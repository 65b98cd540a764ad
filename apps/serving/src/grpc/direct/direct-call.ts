import {
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import { type PlatformError, toPlatformError } from '@understudy/core'
import { GRPC_STATUS, grpcMessage, grpcStatusOf } from '@understudy/protocols'
import { allowedPredictor } from '../../auth/allowed-predictor.ts'
import { ByteLease } from '../../http/byte-budget.ts'
import { requestIdOf } from '../../http/call-headers.ts'
import { answerHeaders } from '../answer-metadata.ts'
import { callMetadataOf } from '../call-metadata.ts'
import { CallScope } from '../call-scope.ts'
import type { GrpcLimits } from '../grpc-limits.ts'
import type { CallContext } from '../unary-call.ts'
import { type PredictionCall, type PredictionMethod, UnaryPrediction } from '../unary-prediction.ts'
import { endStream, respondOnly, respondWith } from './direct-answer.ts'
import { MessageCollector, messageOfChunk } from './whole-message.ts'

export interface DirectContext extends CallContext {
  readonly limits: Pick<GrpcLimits, 'maxMessageBytes' | 'messageTimeoutMs'>
}

interface DirectRequest {
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
  /** Infinity: none. */
  readonly timeoutMs: number
  readonly method: PredictionMethod
}

/**
 * One prediction on a stream of HTTP/2, without the objects that grpc-js makes for a call. Strangers are refused when their headers have
 * come; the message is collected within the byte budget and its time.
 */
export class DirectCall implements PredictionCall {
  readonly #context: DirectContext
  readonly #stream: ServerHttp2Stream
  readonly #method: PredictionMethod
  readonly #requestId: string
  readonly #lease: ByteLease
  #scope: CallScope | undefined
  readonly #deadlineMs: number
  #message: Buffer | undefined
  #collector: MessageCollector | undefined
  #timer: NodeJS.Timeout | undefined
  #isRunning = false
  #isEnded = false

  constructor(context: DirectContext, { stream, headers, timeoutMs, method }: DirectRequest) {
    this.#context = context
    this.#stream = stream
    this.#method = method
    this.#requestId = requestIdOf(headers, context.newId)
    this.#lease = new ByteLease(context.budget)
    this.#deadlineMs = timeoutMs === Number.POSITIVE_INFINITY ? timeoutMs : Date.now() + timeoutMs
    context.calls.began()
    stream.on('error', ignore)
    stream.on('close', () => this.#closed())
    try {
      this.#scope = this.#open(headers)
      stream.on('data', (chunk: Buffer) => this.#read(chunk))
      stream.on('end', () => this.#start())
    } catch (error) {
      this.fail(toPlatformError(error))
    }
  }

  get message(): Buffer {
    return this.#message ?? NO_BYTES
  }

  answer(bytes: Uint8Array): void {
    if (this.#isEnded) return
    this.#end()
    if (isGone(this.#stream)) return
    respondWith(this.#stream, this.#headers())
    endStream(this.#stream, bytes)
  }

  fail(error: PlatformError, text: string = error.publicMessage): void {
    if (this.#isEnded) return
    this.#end()
    const { category } = error
    if (category === 'INTERNAL' || category === 'DATA_LOSS') this.#context.observer?.onFault(error)
    if (isGone(this.#stream)) return
    respondWith(this.#stream, this.#headers())
    endStream(this.#stream, { code: grpcStatusOf(error), text: grpcMessage(text) })
  }

  /** @throws PlatformError `request.unauthenticated`, `request.permission_denied`, `request.malformed` */
  #open(headers: IncomingHttpHeaders): CallScope {
    const { access, predictor } = this.#context
    const caller = access.check(headers.authorization, 'predict')
    const metadata = callMetadataOf(headers, this.#requestId)
    return new CallScope(metadata, allowedPredictor(predictor, caller), this.#deadlineMs, this.#lease)
  }

  #read(chunk: Buffer): void {
    if (this.#isEnded) return
    const { maxMessageBytes } = this.#context.limits
    if (this.#collector === undefined && this.#message === undefined) {
      const message = messageOfChunk(chunk, maxMessageBytes)
      if (message !== undefined) {
        this.#message = message
        return
      }
    }
    this.#collect(chunk, maxMessageBytes)
  }

  #collect(chunk: Buffer, maxMessageBytes: number): void {
    if (this.#message !== undefined) {
      this.#reject(GRPC_STATUS.UNIMPLEMENTED, SEVERAL)
      return
    }
    this.#collector ??= new MessageCollector(maxMessageBytes)
    this.#collector.add(chunk)
    const state = this.#collector.state()
    if (state.kind === 'partial' || state.kind === 'whole') {
      try {
        this.#lease.take(chunk.length)
      } catch {
        this.#reset()
        return
      }
    }
    if (state.kind === 'partial') {
      this.#timer ??= this.#limitTime()
      return
    }
    clearTimeout(this.#timer)
    if (state.kind === 'whole') this.#message = state.message
    else if (state.kind === 'several') this.#reject(GRPC_STATUS.UNIMPLEMENTED, SEVERAL)
    else if (state.kind === 'compressed') this.#reject(GRPC_STATUS.INTERNAL, COMPRESSED)
    else if (state.kind === 'too-large') {
      const { sizeBytes } = state
      const text = `Received message larger than max (${sizeBytes} vs. ${maxMessageBytes})`
      this.#reject(GRPC_STATUS.RESOURCE_EXHAUSTED, text)
    }
  }

  #limitTime(): NodeJS.Timeout {
    const { messageTimeoutMs } = this.#context.limits
    const leftMs = this.#deadlineMs - Date.now()
    if (leftMs > messageTimeoutMs) return setTimeout(() => this.#reset(), messageTimeoutMs)
    return setTimeout(() => this.#reject(GRPC_STATUS.DEADLINE_EXCEEDED, LATE), leftMs)
  }

  /** The client has sent everything. */
  #start(): void {
    if (this.#isEnded) return
    if (this.#message === undefined || this.#scope === undefined) {
      this.#reject(GRPC_STATUS.UNIMPLEMENTED, NONE)
      return
    }
    if (this.#deadlineMs <= Date.now()) {
      this.#reject(GRPC_STATUS.DEADLINE_EXCEEDED, LATE)
      return
    }
    this.#isRunning = true
    try {
      if (this.#collector === undefined) this.#lease.take(this.#message.length)
      this.#collector = undefined
      new UnaryPrediction(this, this.#method, this.#scope).start(this.#context)
    } catch (error) {
      this.fail(toPlatformError(error))
    }
  }

  /** Ends a call that was none, as grpc-js does: with a status and nothing else. */
  #reject(code: number, text: string): void {
    if (this.#isEnded) return
    this.#end()
    if (isGone(this.#stream)) return
    respondOnly(this.#stream, { code, text })
  }

  /** Clients see RESOURCE_EXHAUSTED. */
  #reset(): void {
    this.#end()
    this.#stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM)
  }

  #closed(): void {
    if (this.#isEnded) return
    this.#scope?.gone.abort()
    // What runs ends with its outcome.
    if (!this.#isRunning) this.#end()
  }

  #headers(): OutgoingHttpHeaders {
    return answerHeaders(this.#requestId, this.#scope?.servedBy, this.#context.predictor.planAgeMs())
  }

  #end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    clearTimeout(this.#timer)
    this.#collector = undefined
    this.#lease.release()
    this.#context.calls.ended()
  }
}

const NO_BYTES = Buffer.alloc(0)
const SEVERAL = 'The method takes one message; a second one has come.'
const LATE = 'The deadline of the call has passed.'
const NONE = 'The method takes one message; none has come.'
const COMPRESSED = 'The message says that it is compressed, and the call does not say how.'

function isGone({ destroyed, closed }: ServerHttp2Stream): boolean {
  return destroyed || closed
}

/** The close of the stream tells, too. */
function ignore(): void {}
