import {
  type ModelPlan,
  type NamedTensors,
  type PlatformError,
  type ServedBy,
  toPlatformError,
} from '@understudy/core'
import type { AnswerKeeper, InputCapture, OfferedRequest, ReplayedRequest } from '../request-keepers.ts'

export interface RequestKeepingOptions {
  readonly capture?: InputCapture | undefined
  readonly answers?: AnswerKeeper | undefined
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly onTrouble: (error: PlatformError) => void
}

/** Throws the coins of what is kept of live requests, before anything runs. What keeps it breaks nothing else. */
export class RequestKeeping {
  readonly #options: RequestKeepingOptions

  constructor(options: RequestKeepingOptions) {
    this.#options = options
  }

  offerRequest({ model, capture: plan }: ModelPlan, { requestId, rows, inputs }: ReplayedRequest): void {
    const { capture } = this.#options
    if (plan === null || capture === undefined || !this.#isTaken(plan.share)) return
    this.#contained(() => capture.offer(model, plan, { requestId, rows, inputs }))
  }

  /** Whether the answer to a request is to be offered. */
  takesAnswer({ keepAnswersShare }: ModelPlan): boolean {
    return this.#options.answers !== undefined && this.#isTaken(keepAnswersShare)
  }

  offerAnswer(
    { model, version: number, digest }: ServedBy,
    request: OfferedRequest,
    outputs: NamedTensors,
  ): void {
    this.#contained(() => this.#options.answers?.offer(model, { number, digest }, request, outputs))
  }

  #isTaken(share: number): boolean {
    return share > 0 && (share >= 1 || this.#options.random() < share)
  }

  #contained(offer: () => void): void {
    try {
      offer()
    } catch (error) {
      this.#options.onTrouble(toPlatformError(error))
    }
  }
}
