import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js'
import type { PlatformError } from '@understudy/core'
import { grpcMessage, grpcStatusOf } from '@understudy/protocols'
import type { Predictor } from '@understudy/serving'
import type { Access } from '../auth/access.ts'
import { allowedPredictor } from '../auth/allowed-predictor.ts'
import { type ByteBudget, ByteLease } from '../http/byte-budget.ts'
import type { RestObserver } from '../http/rest-observer.ts'
import { AnswerMetadata } from './answer-metadata.ts'
import type { CallCount } from './call-count.ts'
import { readCallMetadata, requestIdIn } from './call-metadata.ts'
import { CallScope } from './call-scope.ts'

export interface CallContext {
  readonly predictor: Predictor
  readonly access: Access
  readonly observer: RestObserver | undefined
  readonly budget: ByteBudget
  readonly calls: CallCount
  readonly newId: () => string
}

/** One unary call from its message to its status. Exactly one of {@link answer} and {@link fail} counts. */
export class UnaryCall {
  readonly #context: CallContext
  readonly #call: ServerUnaryCall<Buffer, Uint8Array>
  readonly #respond: sendUnaryData<Uint8Array>
  readonly #lease: ByteLease
  #scope: CallScope | undefined
  #isEnded = false

  constructor(
    context: CallContext,
    call: ServerUnaryCall<Buffer, Uint8Array>,
    respond: sendUnaryData<Uint8Array>,
  ) {
    this.#context = context
    this.#call = call
    this.#respond = respond
    this.#lease = new ByteLease(context.budget)
    context.calls.began()
  }

  get message(): Buffer {
    return this.#call.request
  }

  /**
   * Lets the caller in, reads the metadata and takes room for the message.
   *
   * @throws PlatformError `request.unauthenticated`, `request.permission_denied`, `request.malformed`, `serving.queue_full`
   */
  open(): CallScope {
    const { access, predictor, newId } = this.#context
    const call = this.#call
    const metadata = readCallMetadata(call.metadata, newId)
    const caller = access.check(metadata.authorization, 'predict')
    this.#lease.take(call.request.length)
    const allowed = allowedPredictor(predictor, caller)
    const scope = new CallScope(metadata, allowed, call.getDeadline(), this.#lease)
    this.#scope = scope
    call.on('cancelled', () => {
      if (!this.#isEnded) scope.gone.abort()
    })
    if (call.cancelled) scope.gone.abort()
    return scope
  }

  answer(bytes: Uint8Array): void {
    if (this.#isEnded) return
    this.#end()
    this.#sendMetadata()
    this.#respond(null, bytes)
  }

  /** @param text what the status says; @defaultValue the public message of the error */
  fail(error: PlatformError, text: string = error.publicMessage): void {
    if (this.#isEnded) return
    this.#end()
    if (error.category === 'INTERNAL' || error.category === 'DATA_LOSS')
      this.#context.observer?.onFault(error)
    this.#sendMetadata()
    this.#respond({ code: grpcStatusOf(error), details: grpcMessage(text) })
  }

  #sendMetadata(): void {
    const requestId = this.#scope?.requestId ?? requestIdIn(this.#call.metadata, this.#context.newId)
    const planAgeMs = this.#context.predictor.planAgeMs()
    this.#call.sendMetadata(new AnswerMetadata(requestId, this.#scope?.servedBy, planAgeMs))
  }

  #end(): void {
    this.#isEnded = true
    this.#lease.release()
    this.#context.calls.ended()
  }
}
