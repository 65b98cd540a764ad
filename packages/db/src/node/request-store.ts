import type { Pool, PoolClient } from 'pg'
import {
  type CaptureLimits,
  type CaptureRow,
  forgetCaptures,
  trimCaptures,
  writeCaptures,
} from './capture-rows.ts'
import { forgetOldAnswers } from './kept-answers.ts'
import { claimReplay, readReplays } from './replay-rows.ts'

/** A holder that is not heard of for so long has lost the replay. */
const REPLAY_LEASE_MS = 15_000
/** Inputs of examples are forgotten after so many days. */
const EXAMPLE_INPUT_DAYS = 7

/** What may be kept, of each model that keeps requests. */
export type CapturePolicies = ReadonlyMap<string, CaptureLimits>

/** A node's side of what is kept of requests: captured ones, their replay, and what has to be forgotten. */
export class RequestStore {
  readonly #pool: Pool
  readonly #incarnation: string

  constructor(pool: Pool, incarnation: string) {
    this.#pool = pool
    this.#incarnation = incarnation
  }

  /** Stores captured requests, and forgets the oldest of their models beyond the limits, in one transaction. Repeating it changes nothing. */
  async storeCaptures(captures: readonly CaptureRow[], policies: CapturePolicies): Promise<void> {
    const wanted = captures.filter(({ model }) => policies.has(model))
    if (wanted.length === 0) return
    const client = await this.#pool.connect()
    try {
      await client.query('BEGIN')
      await writeCaptures(client, wanted)
      for (const model of [...new Set(wanted.map((row) => row.model))].sort()) {
        const limits = policies.get(model)
        if (limits) await trimCaptures(client, model, limits)
      }
      await client.query('COMMIT')
    } catch (error) {
      await rollBack(client)
      throw error
    } finally {
      client.release()
    }
  }

  /** Whether this node replays for the series; to be asked again within {@link REPLAY_LEASE_MS}. */
  claimReplay(seriesId: string, leaseMs = REPLAY_LEASE_MS): Promise<boolean> {
    return claimReplay(this.#pool, { seriesId, incarnation: this.#incarnation, leaseMs })
  }

  /** The next captured requests that the series has not counted; those of `except` are under way. */
  nextReplays(seriesId: string, except: readonly string[], limit = 100): Promise<readonly CaptureRow[]> {
    return readReplays(this.#pool, { seriesId, except, limit })
  }

  /** Forgets what is too old, beyond its limits, or of models that keep no requests any more; a part at a time. */
  async forget(policies: CapturePolicies): Promise<void> {
    for (const [model, limits] of policies) await trimCaptures(this.#pool, model, limits)
    await forgetCaptures(this.#pool, [...policies.keys()])
    await forgetOldAnswers(this.#pool)
    await this.#pool.query(
      `UPDATE pair_example SET inputs = NULL WHERE inputs IS NOT NULL AND at < clock_timestamp() - $1 * interval '1 day'`,
      [EXAMPLE_INPUT_DAYS],
    )
  }
}

async function rollBack(client: PoolClient): Promise<void> {
  await client.query('ROLLBACK').catch(() => undefined)
}
