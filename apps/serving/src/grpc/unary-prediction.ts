import type { InferenceResponse, PlatformError } from '@understudy/core'
import type { Protocol } from '@understudy/serving'
import type { CallScope } from './call-scope.ts'
import { type PredictionOutcome, PredictionRun, type WantedPrediction } from './prediction-run.ts'
import type { CallContext, UnaryCall } from './unary-call.ts'

/** A method whose every message asks for one prediction: only its messages are its own. */
export interface PredictionMethod<W extends WantedPrediction = WantedPrediction> {
  readonly protocol: Protocol
  /** Reads the message. What it throws is answered as an error. */
  decode(message: Buffer, scope: CallScope): W
  /** Writes the answer. What it throws is answered as an error. */
  encode(response: InferenceResponse, wanted: W, scope: CallScope): Uint8Array
  /** What an error is called on this protocol; undefined: its public message. `wanted` is what could be read of the message. */
  describe?(error: PlatformError, wanted: W | undefined): string
}

/** One unary call that asks for one prediction. */
export class UnaryPrediction<W extends WantedPrediction> implements PredictionOutcome {
  readonly #call: UnaryCall
  readonly #method: PredictionMethod<W>
  readonly #scope: CallScope
  #wanted: W | undefined

  constructor(call: UnaryCall, method: PredictionMethod<W>, scope: CallScope) {
    this.#call = call
    this.#method = method
    this.#scope = scope
  }

  start({ observer }: CallContext): void {
    const method = this.#method
    const scope = this.#scope
    new PredictionRun(scope, { protocol: method.protocol, observer, outcome: this }).start(() => {
      this.#wanted = method.decode(this.#call.message, scope)
      return this.#wanted
    })
  }

  answered(response: InferenceResponse): void {
    if (this.#wanted === undefined) return
    this.#call.answer(this.#method.encode(response, this.#wanted, this.#scope))
  }

  failed(error: PlatformError): void {
    this.#call.fail(error, this.#method.describe?.(error, this.#wanted))
  }
}
