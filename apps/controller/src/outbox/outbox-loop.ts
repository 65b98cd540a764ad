import type { Clock } from '@understudy/core'
import type { DeliveryClaim, NotificationKind, OutboxQueue } from '@understudy/db'
import type { Logger } from '@understudy/telemetry'
import { retryDelayMs } from '../work/backoff.ts'
import type { Channel } from './channel.ts'
import { type MessageContext, outgoingMessage } from './outgoing-message.ts'

/** Looks for something that has lasted too long. */
export interface AlarmSearch {
  /** Also before the first time: by then nodes that start have reported. */
  readonly everyMs: number
  /** Puts what it finds into the outbox; says how much of it is new. */
  readonly find: () => Promise<number>
}

export interface OutboxLoopOptions {
  readonly queue: Pick<OutboxQueue, 'plan' | 'claim' | 'delivered' | 'failed' | 'tidy'>
  readonly channels: readonly Channel[]
  readonly kinds: readonly NotificationKind[]
  readonly context: MessageContext
  readonly alarms: readonly AlarmSearch[]
  readonly clock: Clock
  readonly logger: Logger
  /** Longest pause between two looks without a hint. @defaultValue 5000 */
  readonly pollIntervalMs?: number
}

const LONGEST_PAUSE_MS = 300_000
const TIDY_EVERY_MS = 60_000
/** A stop gives what is being sent so long. */
const STOP_GRACE_MS = 3_000

/**
 * Delivers what the outbox holds until it is stopped: one worker a channel, so that one that is down delays no other.
 *
 * A hint only shortens the pause: nothing depends on it.
 */
export class OutboxLoop {
  readonly #options: OutboxLoopOptions
  readonly #names: readonly string[]
  readonly #stop = new AbortController()
  readonly #abandon = new AbortController()
  #nap = new AbortController()
  #loops: Promise<void>[] = []

  constructor(options: OutboxLoopOptions) {
    this.#options = options
    this.#names = options.channels.map(({ name }) => name)
  }

  start(): void {
    const { channels, alarms, queue } = this.#options
    this.#loops = [
      this.#repeat(async () => (await this.planOnce()) > 0, 'what is to be told cannot be read'),
      this.#repeatEvery(TIDY_EVERY_MS, () => queue.tidy(this.#names), 'the outbox cannot be tidied'),
      ...alarms.map((search) =>
        this.#repeatEvery(search.everyMs, () => this.#search(search), 'alarms cannot be looked for'),
      ),
      ...channels.map((channel) =>
        this.#repeat(() => this.deliverOnce(channel), `the outbox of ${channel.name} cannot be read`),
      ),
    ]
  }

  /** Something may have to be told: look now. */
  wake(): void {
    this.#nap.abort()
    this.#nap = new AbortController()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    this.wake()
    const ended = new AbortController()
    void this.#options.clock.sleep(STOP_GRACE_MS, ended.signal).then(() => this.#abandon.abort())
    await Promise.all(this.#loops)
    ended.abort()
  }

  /** Makes the deliveries of what is new; says how many. */
  async planOnce(): Promise<number> {
    const { queue, kinds } = this.#options
    const planned = await queue.plan(this.#names, kinds)
    if (planned > 0) this.wake()
    return planned
  }

  /** Sends one message over a channel. False when none was due. */
  async deliverOnce(channel: Channel): Promise<boolean> {
    const { queue, context } = this.#options
    const claim = await queue.claim(channel.name)
    if (!claim) return false
    const outcome = await channel.send(outgoingMessage(claim, context), this.#abandon.signal)
    if (outcome.type === 'delivered') await queue.delivered(claim)
    else await this.#failed(claim, outcome)
    return true
  }

  async #search({ find }: AlarmSearch): Promise<void> {
    if ((await find()) > 0) this.wake()
  }

  async #failed(
    claim: DeliveryClaim,
    {
      reason,
      refused,
      retryAfterMs = 0,
    }: { reason: string; refused: boolean; retryAfterMs?: number | undefined },
  ): Promise<void> {
    const { queue, logger } = this.#options
    const { id, kind, channel, attempts } = claim
    const pause = retryDelayMs('backoff', attempts - 1, Math.random()) ?? LONGEST_PAUSE_MS
    const retryInMs = this.#stop.signal.aborted ? 0 : Math.max(pause, retryAfterMs)
    const { givenUp } = await queue.failed(claim, { reason, refused, retryInMs })
    const facts = { notificationId: id, kind, channel, attempts, reason }
    if (givenUp) logger.warn(facts, 'a notification was given up')
    else logger.info({ ...facts, retryInMs }, 'a notification could not be delivered; it is tried again')
  }

  async #repeat(work: () => Promise<boolean>, trouble: string): Promise<void> {
    const { clock, logger, pollIntervalMs = 5_000 } = this.#options
    while (!this.#stop.signal.aborted) {
      const nap = this.#nap.signal
      const worked = await work().catch((error: unknown) => {
        logger.warn({ err: error }, `${trouble}; trying again`)
        return false
      })
      if (!worked && !this.#stop.signal.aborted) await clock.sleep(pollIntervalMs, nap)
    }
  }

  async #repeatEvery(intervalMs: number, work: () => Promise<void>, trouble: string): Promise<void> {
    const { clock, logger } = this.#options
    for (;;) {
      await clock.sleep(intervalMs, this.#stop.signal)
      if (this.#stop.signal.aborted) return
      await work().catch((error: unknown) => logger.warn({ err: error }, `${trouble}; trying again`))
    }
  }
}
