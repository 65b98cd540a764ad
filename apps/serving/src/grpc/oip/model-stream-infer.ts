import type { InferenceResponse } from '@understudy/core'
import { encodeStreamAnswer, encodeStreamError, grpcMessage, oipErrorMessage } from '@understudy/protocols'
import { allowedPredictor } from '../../auth/allowed-predictor.ts'
import { ByteLease } from '../../http/byte-budget.ts'
import { readCallMetadata } from '../call-metadata.ts'
import { CallScope } from '../call-scope.ts'
import { PredictionRun } from '../prediction-run.ts'
import { answerStream, type BidiCall, failStream, openStream } from '../stream-call.ts'
import type { CallContext } from '../unary-call.ts'
import { decodeInfer, inferAnswer, type WantedInfer } from './model-infer.ts'

export interface StreamInferOptions {
  readonly maxInFlight: number
  /** Aborts when the server wants its streams to end. */
  readonly drain: AbortSignal
}

/**
 * `ModelStreamInfer`: many predictions over one stream, answered in the order in which they came, errors within it. No further message is
 * read while as many as may be are in flight, or while the client does not read answers.
 */
export async function modelStreamInfer(
  context: CallContext,
  call: BidiCall,
  options: StreamInferOptions,
): Promise<void> {
  context.calls.began()
  try {
    await new StreamInfer(context, call, options).run()
  } catch (error) {
    failStream(context, call, error)
  } finally {
    context.calls.ended()
  }
}

class StreamInfer {
  readonly #context: CallContext
  readonly #call: BidiCall
  readonly #options: StreamInferOptions
  readonly #scope: CallScope
  #messages = 0

  constructor(context: CallContext, call: BidiCall, options: StreamInferOptions) {
    const metadata = readCallMetadata(call.metadata, context.newId)
    const caller = context.access.check(metadata.authorization, 'predict')
    const scope = new CallScope(metadata, allowedPredictor(context.predictor, caller), call.getDeadline())
    this.#context = context
    this.#call = call
    this.#options = options
    this.#scope = scope
    call.on('cancelled', () => scope.gone.abort())
  }

  async run(): Promise<void> {
    const { maxInFlight, drain } = this.#options
    openStream(this.#context, this.#call, this.#scope.requestId)
    await answerStream(this.#call, { maxInFlight, drain, answer: (message) => this.#answer(message) })
  }

  /** Never rejects: errors are answers here. */
  #answer(message: Buffer): Promise<Uint8Array> {
    const scope = this.#scope
    const lease = new ByteLease(this.#context.budget)
    let wanted: WantedInfer | undefined
    return new Promise<Uint8Array>((resolve) => {
      const run = new PredictionRun(scope, {
        protocol: 'oip-grpc',
        observer: this.#context.observer,
        outcome: {
          answered: (response: InferenceResponse) => {
            if (wanted !== undefined) resolve(encodeStreamAnswer(inferAnswer(response, wanted, scope)))
          },
          failed: (error) => {
            if (error.category === 'INTERNAL' || error.category === 'DATA_LOSS') {
              this.#context.observer?.onFault(error)
            }
            const text = grpcMessage(oipErrorMessage(error, wanted))
            resolve(encodeStreamError(text, wanted?.form.id ?? ''))
          },
        },
      })
      this.#messages += 1
      if (this.#messages > 1) run.requestId = `${scope.requestId}-${this.#messages}`
      run.start(() => {
        lease.take(message.length)
        wanted = decodeInfer(message, scope)
        return wanted
      })
    }).finally(() => lease.release())
  }
}
