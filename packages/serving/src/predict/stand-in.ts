import type { NamedTensors, PlatformError } from '@understudy/core'
import type { DeadlineWatch, Expiring } from './deadline-watch.ts'
import type { AnswerOrigin, BatchReceiver } from './pending-request.ts'

/** The version that answers when the one on trial does not. */
export interface OtherVersion {
  /** Asks it for the answer to the same request: exactly one call of the receiver. False: it is not there. Never throws. */
  ask(receiver: BatchReceiver): boolean
  /** It has enough to do: nothing is asked of it in advance. */
  isBusy(): boolean
}

export interface StandInOptions {
  /** Gets the answer. */
  readonly client: BatchReceiver
  /** Of answers of the version on trial. */
  readonly origin: AnswerOrigin | undefined
  readonly other: OtherVersion
  readonly watch: DeadlineWatch<StandIn>
  /** From then on the other version is asked too, by the monotonic clock. */
  readonly deadlineAtMs: number
}

/**
 * One request that was given to a version on trial: no client sees that version fail. When it fails the request, or has not answered by
 * half of its budget, the other version of the pair is asked; the first answer goes to the client, and an error only when both have
 * failed.
 */
export class StandIn implements BatchReceiver, Expiring {
  readonly deadlineAtMs: number
  slot = -1
  readonly #options: StandInOptions
  #isDone = false
  #isAsked = false
  #error: PlatformError | undefined
  #otherError: PlatformError | undefined

  constructor(options: StandInOptions) {
    this.#options = options
    this.deadlineAtMs = options.deadlineAtMs
    options.watch.add(this)
  }

  answered(outputs: NamedTensors, origin: AnswerOrigin | undefined = this.#options.origin): void {
    if (this.#finish()) this.#options.client.answered(outputs, origin)
  }

  /** By the version on trial. What the client itself has ended is not asked for again. */
  failed(error: PlatformError): void {
    if (this.#isDone) return
    if (error.code === 'serving.cancelled' || error.code === 'serving.deadline_exceeded') this.#fail(error)
    else this.refused(error)
  }

  /** The version on trial does not take it, whoever is to blame for that. */
  refused(error: PlatformError): void {
    if (this.#isDone) return
    this.#error = error
    if (this.#otherError !== undefined) this.#fail(this.#otherError)
    else if (!this.#isAsked && !this.#ask()) this.#fail(error)
  }

  expire(): void {
    if (!this.#isDone && !this.#isAsked && !this.#options.other.isBusy()) this.#ask()
  }

  #ask(): boolean {
    // It may answer before it returns.
    this.#isAsked = true
    this.#isAsked = this.#options.other.ask({
      answered: (outputs, origin) => {
        if (this.#finish()) this.#options.client.answered(outputs, origin)
      },
      failed: (error) => {
        this.#otherError = error
        if (this.#error !== undefined) this.#fail(error)
      },
    })
    return this.#isAsked
  }

  #fail(error: PlatformError): void {
    if (this.#finish()) this.#options.client.failed(error)
  }

  #finish(): boolean {
    if (this.#isDone) return false
    this.#isDone = true
    this.#options.watch.delete(this)
    return true
  }
}
