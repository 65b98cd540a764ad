import type { Standing } from '@understudy/core'
import type { Tx } from '../database.ts'

export interface StandingChange {
  readonly model: string
  readonly digest: string
  readonly standing: Standing
  readonly reason: string | null
  readonly actor: string
}

/** Records what became of a digest. */
export async function setStanding(tx: Tx, change: StandingChange): Promise<void> {
  const { model, digest, standing, reason, actor } = change
  await tx.$executeRaw`
    INSERT INTO digest_standing (model, digest, standing, reason, actor) VALUES (${model}, ${digest}, ${standing}, ${reason}, ${actor})
    ON CONFLICT (model, digest) DO UPDATE SET standing = EXCLUDED.standing, reason = EXCLUDED.reason, actor = EXCLUDED.actor,
      updated_at = clock_timestamp()`
}
