import type { Clock } from '@understudy/core'
import type { NodeStore } from '@understudy/db/node'
import type { Logger } from '@understudy/telemetry'
import type { CaptureBuffer } from '../capture/capture-buffer.ts'
import type { KeptAnswers } from '../kept/kept-answers.ts'
import type { MirroredSeries } from './mirrored-series.ts'

export interface RequestKeepingOptions {
  readonly store: Pick<NodeStore, 'flushEvidence' | 'requests'>
  readonly answers: KeptAnswers
  /** Undefined without a key to encrypt with. */
  readonly captures: CaptureBuffer | undefined
  readonly plan: Pick<MirroredSeries, 'captures' | 'isPlanned'>
  readonly clock: Clock
  readonly logger: Logger
}

const FORGET_EVERY_MS = 60_000

/**
 * Stores what a node keeps of requests, and has forgotten what is too old. Answers that cannot be stored come again; captured requests are a
 * sample, and are dropped.
 */
export class RequestKeeping {
  readonly #options: RequestKeepingOptions
  #forgotAtMs: number
  #saidDropped = 0

  constructor(options: RequestKeepingOptions) {
    this.#options = options
    this.#forgotAtMs = options.clock.monotonicMs()
  }

  /** @throws whatever the store throws: nothing of what may come again is lost then */
  async flush(): Promise<void> {
    const { store, answers, captures, plan } = this.#options
    const pending = answers.pending()
    await store.flushEvidence([], { answers: pending })
    answers.stored(pending)
    const captured = captures?.take()
    if (captured !== undefined) await store.requests.storeCaptures(captured, plan.captures)
    await this.#forget()
  }

  async #forget(): Promise<void> {
    const { store, plan, clock } = this.#options
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#forgotAtMs < FORGET_EVERY_MS || !plan.isPlanned) return
    this.#forgotAtMs = nowMs
    this.#tellDropped()
    await store.requests.forget(plan.captures)
  }

  #tellDropped(): void {
    const { answers, captures, logger } = this.#options
    const dropped = { answers: answers.dropped, captures: captures?.dropped }
    const count = [dropped.answers, dropped.captures].reduce(
      (sum, one) => sum + (one?.tooLarge ?? 0) + (one?.noRoom ?? 0),
      0,
    )
    if (count > this.#saidDropped) {
      logger.info(
        { event: 'notKept', ...dropped },
        'answers or requests that were to be kept are not; counted since the start',
      )
    }
    this.#saidDropped = count
  }
}
