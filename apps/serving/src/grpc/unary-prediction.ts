import type { InferenceResponse, PlatformError } from '@understudy/core'
import type { PredictionTask, Protocol } from '@understudy/serving'
import type { CallScope } from './call-scope.ts'
import { type PredictionOutcome, PredictionRun, type WantedPrediction } from './prediction-run.ts'
import type { CallContext } from './unary-call.ts'

/** A method whose every message asks for one prediction: only its messages are its own. */
export interface PredictionMethod<W extends WantedPrediction = WantedPrediction> {
  readonly protocol: Protocol
  /** @defaultValue `predict` */
  readonly task?: PredictionTask
  /** Reads the message. What it throws is answered as an error. */
  decode(message: Buffer, scope: CallScope): W
  /** Writes the answer. What it throws is answered as an error. */
  encode(response: InferenceResponse, wanted: W, scope: CallScope): Uint8Array
  /** What an error is called on this protocol; undefined: its public message. `wanted` is what could be read of the message. */
  describe?(error: PlatformError, wanted: W | undefined): string
}

/** The call that a prediction answers. Exactly one of {@link answer} and {@link fail} counts. */
export interface PredictionCall {
  readonly message: Buffer
  answer(bytes: Uint8Array): void
  fail(error: PlatformError, text?: string): void
}

/** One unary call that asks for one prediction. */
export class UnaryPrediction<W extends WantedPrediction> implements PredictionOutcome {
  readonly #call: PredictionCall
  readonly #method: PredictionMethod<W>
  readonly #scope: CallScope
  #wanted: W | undefined

  constructor(call: PredictionCall, method: PredictionMethod<W>, scope: CallScope) {
    this.#call = call
    this.#method = method
    this.#scope = scope
  }

  start({ observer }: CallContext): void {
    const method = this.#method
    const scope = this.#scope
    const { protocol, task } = method
    new PredictionRun(scope, { protocol, task, observer, outcome: this }).start(() => {
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
