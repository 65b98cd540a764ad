import { audit } from '../audit/audit.ts'
import type { Database } from '../database.ts'
import { storableText } from '../node/storable-text.ts'
import type { NotificationKind } from './notification.ts'
import { REMEMBERED_DAYS } from './remembered-days.ts'

export interface OutboxQueueOptions {
  /** Longer than any attempt to send. @defaultValue 60000 */
  readonly leaseMs?: number
  /** What could not be delivered for so long is given up. @defaultValue 86400000 */
  readonly giveUpAfterMs?: number
}

/** One notification to be sent over one channel, held for the time of a lease. */
export interface DeliveryClaim {
  /** The same at every attempt: receivers know by it what they had already. */
  readonly id: string
  readonly channel: string
  /** This one included. */
  readonly attempts: number
  readonly kind: NotificationKind
  readonly model: string | null
  readonly version: number | null
  readonly title: string
  readonly sentence: string
  readonly path: string
  readonly details: Readonly<Record<string, unknown>>
  readonly createdAt: Date
}

export interface FailedAttempt {
  /** No secret may be in it: it is shown. */
  readonly reason: string
  /** The receiver answered that it does not want this one. */
  readonly refused: boolean
  readonly retryInMs: number
}

interface ClaimRow extends Pick<DeliveryClaim, 'id' | 'channel' | 'attempts' | 'kind' | 'model'> {
  readonly body: Pick<DeliveryClaim, 'version' | 'title' | 'sentence' | 'path' | 'details'>
  readonly created_at: Date
}

/**
 * What is to be delivered, shared by any number of controllers.
 *
 * At least once: a delivery has one holder at a time, and who dies between sending and {@link delivered} is sent for again, under the same
 * id. Of one model and channel the next is only given out when those before it are delivered, given up, or refused by their receiver.
 */
export class OutboxQueue {
  readonly #database: Database
  readonly #leaseMs: number
  readonly #giveUpAfterMs: number

  constructor(database: Database, { leaseMs = 60_000, giveUpAfterMs = 86_400_000 }: OutboxQueueOptions = {}) {
    this.#database = database
    this.#leaseMs = leaseMs
    this.#giveUpAfterMs = giveUpAfterMs
  }

  /** Makes the deliveries of what is new, for these channels and kinds. A channel that is added later tells nothing of the past. */
  async plan(channels: readonly string[], kinds: readonly NotificationKind[]): Promise<number> {
    return await this.#database.prisma.$executeRaw`
      WITH fresh AS (
        UPDATE outbox SET planned_at = clock_timestamp()
        WHERE id IN (SELECT id FROM outbox WHERE planned_at IS NULL ORDER BY seq LIMIT 1000 FOR UPDATE SKIP LOCKED)
        RETURNING id, kind)
      INSERT INTO outbox_delivery (outbox_id, channel)
      SELECT fresh.id, channel FROM fresh, unnest(${[...channels]}::text[]) AS channel WHERE fresh.kind = ANY(${[...kinds]}::text[])
      ON CONFLICT DO NOTHING`
  }

  /** Takes the oldest delivery of a channel that is due, or undefined. */
  async claim(channel: string): Promise<DeliveryClaim | undefined> {
    const [row] = await this.#database.prisma.$queryRaw<ClaimRow[]>`
      UPDATE outbox_delivery d SET attempts = attempts + 1, lease_until = clock_timestamp() + ${this.#leaseMs}::float8 * interval '1 millisecond'
      FROM outbox told
      WHERE told.id = d.outbox_id AND d.channel = ${channel} AND d.outbox_id = (
        SELECT c.outbox_id FROM outbox_delivery c JOIN outbox o ON o.id = c.outbox_id
        WHERE c.channel = ${channel} AND c.delivered_at IS NULL AND c.given_up_at IS NULL AND c.next_at <= clock_timestamp()
          AND (c.lease_until IS NULL OR c.lease_until < clock_timestamp())
          AND NOT EXISTS (
            SELECT 1 FROM outbox_delivery e JOIN outbox before ON before.id = e.outbox_id
            WHERE e.channel = ${channel} AND e.delivered_at IS NULL AND e.given_up_at IS NULL AND NOT e.refused
              AND before.seq < o.seq AND before.model IS NOT DISTINCT FROM o.model)
        ORDER BY o.seq LIMIT 1 FOR UPDATE OF c SKIP LOCKED)
      RETURNING told.id, d.channel, d.attempts, told.kind, told.model, told.body, told.created_at`
    if (!row) return undefined
    const { id, attempts, kind, model, created_at: createdAt, body } = row
    const { version, title, sentence, path, details } = body
    return { id, channel, attempts, kind, model, version, title, sentence, path, details, createdAt }
  }

  /** Records that the receiver has it; the channel works, so what waits for its next attempt need not wait. */
  async delivered(claim: DeliveryClaim): Promise<void> {
    await this.#database.transaction(async (tx) => {
      await tx.$executeRaw`
        UPDATE outbox_delivery SET delivered_at = clock_timestamp(), given_up_at = NULL, lease_until = NULL, refused = false, last_error = NULL
        WHERE outbox_id = ${claim.id}::uuid AND channel = ${claim.channel} AND delivered_at IS NULL`
      await tx.$executeRaw`
        UPDATE outbox_delivery SET next_at = clock_timestamp()
        WHERE outbox_id IN (
          SELECT outbox_id FROM outbox_delivery
          WHERE channel = ${claim.channel} AND delivered_at IS NULL AND given_up_at IS NULL AND NOT refused AND next_at > clock_timestamp()
          FOR UPDATE SKIP LOCKED) AND channel = ${claim.channel}`
    })
  }

  /** Records a failure: tried again after the pause, or given up, with an audit entry, when it has gone on for too long. */
  async failed(claim: DeliveryClaim, attempt: FailedAttempt): Promise<{ readonly givenUp: boolean }> {
    return await this.#database.transaction(async (tx) => {
      const rows = await tx.$queryRaw<{ givenUp: boolean }[]>`
        UPDATE outbox_delivery SET lease_until = NULL, refused = ${attempt.refused}, last_error = ${storableText(attempt.reason).slice(0, 500)},
          next_at = clock_timestamp() + ${attempt.retryInMs}::float8 * interval '1 millisecond',
          given_up_at = CASE WHEN planned_at <= clock_timestamp() - ${this.#giveUpAfterMs}::float8 * interval '1 millisecond' THEN clock_timestamp() END
        WHERE outbox_id = ${claim.id}::uuid AND channel = ${claim.channel} AND attempts = ${claim.attempts}
          AND delivered_at IS NULL AND given_up_at IS NULL
        RETURNING given_up_at IS NOT NULL AS "givenUp"`
      const givenUp = rows[0]?.givenUp === true
      if (givenUp) {
        await audit(tx, {
          actor: 'controller',
          action: 'notification.givenUp',
          model: claim.model ?? undefined,
          number: claim.version ?? undefined,
          sentence: `Gave up to tell "${claim.title}" by ${claim.channel} after ${claim.attempts} attempts: ${attempt.reason}`,
          details: { id: claim.id, kind: claim.kind, channel: claim.channel, attempts: claim.attempts },
        })
      }
      return { givenUp }
    })
  }

  /** Gives up what waits for a channel that nobody serves any more, and forgets what was told long ago. */
  async tidy(channels: readonly string[]): Promise<void> {
    const { prisma } = this.#database
    await prisma.$executeRaw`
      UPDATE outbox_delivery SET given_up_at = clock_timestamp(), last_error = 'the channel is not configured any more'
      WHERE delivered_at IS NULL AND given_up_at IS NULL AND NOT (channel = ANY(${[...channels]}::text[]))
        AND planned_at <= clock_timestamp() - ${this.#giveUpAfterMs}::float8 * interval '1 millisecond'`
    await prisma.$executeRaw`
      DELETE FROM outbox WHERE planned_at IS NOT NULL AND created_at < clock_timestamp() - ${REMEMBERED_DAYS} * interval '1 day'`
  }
}
