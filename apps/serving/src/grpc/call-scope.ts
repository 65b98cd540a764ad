import { PlatformError, type ServedBy, type VersionSelector } from '@understudy/core'
import type { Predictor } from '@understudy/serving'
import type { ByteLease } from '../http/byte-budget.ts'
import { ClientGone } from '../http/client-gone.ts'
import { pinnedSelector } from '../http/pinned-selector.ts'
import { nowMs } from '../http/rest-observer.ts'
import { type CallMetadata, NO_HEADERS } from './call-metadata.ts'

const LIVE: VersionSelector = { kind: 'live' }

/** One call on its way through the server: what came with it beside its messages. */
export class CallScope {
  readonly metadata: CallMetadata
  /** The data plane as the caller may see it. */
  readonly predictor: Predictor
  /** When it arrived: milliseconds since the epoch, with fractions. */
  readonly startMs: number
  /** Tells when nobody waits for the answer any more. */
  readonly gone = new ClientGone()
  /** Who answers, as soon as it is known: errors carry it too. */
  servedBy: ServedBy | undefined
  readonly #deadlineMs: number
  readonly #lease: ByteLease | undefined

  /**
   * @param deadline of the call: milliseconds since the epoch, or infinity
   * @param lease what its message holds of the byte budget
   */
  constructor(metadata: CallMetadata, predictor: Predictor, deadline: number | Date, lease?: ByteLease) {
    this.metadata = metadata
    this.predictor = predictor
    this.#lease = lease
    this.startMs = nowMs()
    this.#deadlineMs = Number(deadline)
  }

  get requestId(): string {
    return this.metadata.requestId
  }

  /**
   * The version for a message that names this one, or none.
   *
   * @throws PlatformError `request.malformed` when metadata names another
   */
  selector(named: VersionSelector | undefined): VersionSelector {
    const { headers } = this.metadata
    return headers === NO_HEADERS ? (named ?? LIVE) : pinnedSelector(headers, named ?? LIVE)
  }

  /** For what a message grows to when it is read, until the call ends. @throws PlatformError `serving.queue_full` */
  takeRoom(sizeBytes: number): void {
    this.#lease?.take(sizeBytes)
  }

  /** The shortest of the budgets: of the deadline, of the metadata, and of the message. Milliseconds from now. */
  budgetMs(ofMessageMs: number | undefined): number | undefined {
    let budgetMs = this.metadata.timeoutMs
    if (ofMessageMs !== undefined) budgetMs = Math.min(budgetMs ?? ofMessageMs, ofMessageMs)
    if (!Number.isFinite(this.#deadlineMs)) return budgetMs
    const leftMs = Math.max(0, this.#deadlineMs - Date.now())
    return Math.min(budgetMs ?? leftMs, leftMs)
  }

  /** A call that ran out of time is cancelled by the server itself; that is not the client's doing. */
  explain(error: PlatformError): PlatformError {
    if (error.code !== 'serving.cancelled' || Date.now() < this.#deadlineMs) return error
    return new PlatformError('serving.deadline_exceeded', 'The deadline of the call has passed.', {
      cause: error,
    })
  }
}
