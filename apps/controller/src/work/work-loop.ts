import { type Clock, toPlatformError } from '@understudy/core'
import type { WorkClaim, WorkKind, WorkQueue } from '@understudy/db'
import type { Logger } from '@understudy/telemetry'
import { retryDelayMs } from './backoff.ts'

/** Carries out one claim. What it returns says when the key is due by itself again. */
export type WorkHandler = (claim: WorkClaim) => Promise<{ readonly dueInMs?: number | undefined }>

/** Where a loop takes its work from: the part of {@link WorkQueue} that it needs. */
export type WorkSource = Pick<WorkQueue, 'claim' | 'renew' | 'finish' | 'fail'>

export interface WorkLoopOptions {
  readonly queue: WorkSource
  readonly handlers: Readonly<Record<WorkKind, WorkHandler>>
  readonly clock: Clock
  readonly logger: Logger
  /** Keys worked on at the same time. @defaultValue 2 */
  readonly concurrency?: number
  /** Longest pause between two looks without a hint. @defaultValue 1000 */
  readonly pollIntervalMs?: number
  /** A claim is prolonged this often while it is worked on. @defaultValue 3000 */
  readonly renewIntervalMs?: number
}

/**
 * Claims keys and works on them until it is stopped; a stop waits for the work in hand.
 *
 * A hint only shortens the pause: nothing depends on it. A key never has two workers.
 */
export class WorkLoop {
  readonly #options: WorkLoopOptions
  readonly #stop = new AbortController()
  #nap = new AbortController()
  #workers: Promise<void>[] = []

  constructor(options: WorkLoopOptions) {
    this.#options = options
  }

  start(): void {
    const { concurrency = 2 } = this.#options
    this.#workers = Array.from({ length: concurrency }, () => this.#work())
  }

  /** Something may have to be done: look now. */
  wake(): void {
    this.#nap.abort()
    this.#nap = new AbortController()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    this.wake()
    await Promise.all(this.#workers)
  }

  async #work(): Promise<void> {
    const { clock, logger, pollIntervalMs = 1_000 } = this.#options
    while (!this.#stop.signal.aborted) {
      const nap = this.#nap.signal
      const worked = await this.workOnce().catch((error: unknown) => {
        logger.warn({ err: error }, 'the work queue cannot be read; trying again')
        return false
      })
      if (!worked && !this.#stop.signal.aborted) await clock.sleep(pollIntervalMs, nap)
    }
  }

  /** Claims and carries out one key. False when nothing wanted work. */
  async workOnce(): Promise<boolean> {
    const claim = await this.#options.queue.claim()
    if (!claim) return false
    await this.#carryOut(claim)
    return true
  }

  async #carryOut(claim: WorkClaim): Promise<void> {
    const { queue, handlers, logger, renewIntervalMs = 3_000 } = this.#options
    const renewal = setInterval(() => {
      queue
        .renew(claim)
        .catch((error: unknown) =>
          logger.warn({ err: error, kind: claim.kind, key: claim.key }, 'a claim could not be prolonged'),
        )
    }, renewIntervalMs)
    try {
      await queue.finish(claim, await handlers[claim.kind](claim))
    } catch (cause) {
      const error = toPlatformError(cause)
      const pause = retryDelayMs(error.retry, claim.attempts, Math.random())
      logger[error.fault === 'platform' && error.code !== 'control.fence_lost' ? 'warn' : 'info'](
        {
          err: error,
          code: error.code,
          kind: claim.kind,
          key: claim.key,
          attempts: claim.attempts,
          retryInMs: pause,
        },
        'work failed',
      )
      if (pause === null) await queue.finish(claim)
      else await queue.fail(claim, error.message, pause)
    } finally {
      clearInterval(renewal)
    }
  }
}
