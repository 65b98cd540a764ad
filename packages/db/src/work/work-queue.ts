import { PlatformError } from '@understudy/core'
import type { Database, Tx } from '../database.ts'
import { notifyChange } from '../notify.ts'

export const WORK_KINDS = ['repository', 'version', 'model'] as const
/** `repository`: sync it; `version` (`<model>/<number>`): validate it; `model`: reconcile it. */
export type WorkKind = (typeof WORK_KINDS)[number]

/** A lease on one key. Every effect is made under its fence. */
export interface WorkClaim {
  readonly kind: WorkKind
  readonly key: string
  readonly seq: bigint
  readonly fence: bigint
  /** Failures in a row so far. */
  readonly attempts: number
  readonly traceparent: string | null
}

/** What a killed controller held waits this long for the next one. Whoever works prolongs it well before. */
const DEFAULT_LEASE_MS = 10_000

export interface WorkQueueOptions {
  /** Who claims: an id of this process run. */
  readonly holder: string
  /** @defaultValue 10000 */
  readonly leaseMs?: number
}

interface ClaimRow {
  readonly kind: WorkKind
  readonly key: string
  readonly requested_seq: bigint
  readonly fence: bigint
  readonly attempts: number
  readonly traceparent: string | null
}

/** Asks for work on a key: idempotent, and never lost, also while the key is being worked on. */
export async function requestWork(
  tx: Tx,
  kind: WorkKind,
  key: string,
  traceparent: string | null = null,
): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO work_key (kind, key, traceparent) VALUES (${kind}, ${key}, ${traceparent})
    ON CONFLICT (kind, key) DO UPDATE SET requested_seq = work_key.requested_seq + 1, not_before = NULL,
      traceparent = coalesce(EXCLUDED.traceparent, work_key.traceparent)`
  await notifyChange(tx, 'work')
}

/**
 * Level-triggered keys with lease and fencing token, shared by any number of controllers.
 *
 * A crash leaves a lease that runs out; the next claim gets a higher fence, and whatever the lost holder still tries is refused.
 */
export class WorkQueue {
  readonly #database: Database
  readonly #holder: string
  readonly #leaseMs: number

  constructor(database: Database, options: WorkQueueOptions) {
    this.#database = database
    this.#holder = options.holder
    this.#leaseMs = options.leaseMs ?? DEFAULT_LEASE_MS
  }

  /** Takes a key that wants work, or undefined. A key that is due becomes a request: when its holder dies, it is wanted still. */
  async claim(kinds: readonly WorkKind[] = WORK_KINDS): Promise<WorkClaim | undefined> {
    const [row] = await this.#database.prisma.$queryRaw<ClaimRow[]>`
      UPDATE work_key SET lease_until = clock_timestamp() + ${this.#leaseMs} * interval '1 millisecond', holder = ${this.#holder},
        fence = fence + 1, due_at = NULL, requested_seq = greatest(requested_seq, done_seq + 1)
      WHERE (kind, key) = (
        SELECT kind, key FROM work_key
        WHERE kind = ANY(${[...kinds]}::text[])
          AND (lease_until IS NULL OR lease_until < clock_timestamp())
          AND ((requested_seq > done_seq AND (not_before IS NULL OR not_before <= clock_timestamp())) OR due_at <= clock_timestamp())
        ORDER BY coalesce(due_at, not_before, '-infinity'), requested_seq - done_seq DESC
        LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING kind, key, requested_seq, fence, attempts, traceparent`
    return row
      ? {
          kind: row.kind,
          key: row.key,
          seq: row.requested_seq,
          fence: row.fence,
          attempts: row.attempts,
          traceparent: row.traceparent,
        }
      : undefined
  }

  /** Prolongs the lease. @throws PlatformError `control.fence_lost` */
  async renew(claim: WorkClaim): Promise<void> {
    const changed = await this.#database.prisma.$executeRaw`
      UPDATE work_key SET lease_until = clock_timestamp() + ${this.#leaseMs} * interval '1 millisecond'
      WHERE kind = ${claim.kind} AND key = ${claim.key} AND fence = ${claim.fence}`
    if (changed === 0) throw fenceLost(claim)
  }

  /** Records that the request is carried out, and when the key is due by itself again. */
  async finish(claim: WorkClaim, options: { readonly dueInMs?: number | undefined } = {}): Promise<void> {
    const dueInMs = options.dueInMs ?? null
    await this.#database.prisma.$executeRaw`
      UPDATE work_key SET done_seq = greatest(done_seq, ${claim.seq}), lease_until = NULL, holder = NULL, attempts = 0, not_before = NULL, last_error = NULL,
        due_at = least(due_at, clock_timestamp() + ${dueInMs}::float8 * interval '1 millisecond')
      WHERE kind = ${claim.kind} AND key = ${claim.key} AND fence = ${claim.fence}`
  }

  /** Records a failure: the key is claimed again after the pause, or at once when it was asked for meanwhile. */
  async fail(claim: WorkClaim, message: string, retryInMs: number): Promise<void> {
    await this.#database.prisma.$executeRaw`
      UPDATE work_key SET lease_until = NULL, holder = NULL, attempts = attempts + 1, last_error = ${message.slice(0, 2_000)},
        not_before = CASE WHEN requested_seq = ${claim.seq} THEN clock_timestamp() + ${retryInMs} * interval '1 millisecond' END
      WHERE kind = ${claim.kind} AND key = ${claim.key} AND fence = ${claim.fence}`
  }

  /**
   * Runs `work` in a transaction that commits only while this claim holds its fence.
   *
   * The lock on the row keeps a lapsed lease from being taken over until the transaction has ended, and nobody from asking.
   * @throws PlatformError `control.fence_lost`
   */
  async fenced<T>(claim: WorkClaim, work: (tx: Tx) => Promise<T>): Promise<T> {
    return await this.#database.transaction(async (tx) => {
      const rows = await tx.$queryRaw<{ fence: bigint }[]>`
        SELECT fence FROM work_key WHERE kind = ${claim.kind} AND key = ${claim.key} AND fence = ${claim.fence} FOR KEY SHARE`
      if (rows.length === 0) throw fenceLost(claim)
      return await work(tx)
    })
  }
}

function fenceLost(claim: WorkClaim): PlatformError {
  return new PlatformError('control.fence_lost', `Another controller took over ${claim.kind} ${claim.key}.`)
}
