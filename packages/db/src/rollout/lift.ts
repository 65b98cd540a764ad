import { PlatformError, shortDigest } from '@understudy/core'
import { audit } from '../audit/audit.ts'
import type { Database } from '../database.ts'
import { notifyChange } from '../notify.ts'
import type { ModelRecord, StandingRecord } from '../record/model-record.ts'
import { requestWork } from '../work/work-queue.ts'
import { type ActOutcome, lockRecord } from './acts.ts'
import { setStanding } from './standing.ts'

export interface LiftAct {
  readonly model: string
  /** The digest, or its first characters. */
  readonly digest: string
  readonly reason: string
  readonly actor: string
}

/** The one withdrawn digest that is meant; null where it was lifted before. */
function meantDigest(record: ModelRecord, digest: string): StandingRecord | null {
  const found = record.standings.filter((row) => row.digest.startsWith(digest))
  const withdrawn = found.filter((row) => row.standing === 'withdrawn')
  const [row] = withdrawn
  if (!row) {
    if (found[0]?.standing === 'failed') return null
    throw new PlatformError(
      'rollout.not_withdrawn',
      `No withdrawn version of ${record.name} has a digest that begins with ${digest}.`,
    )
  }
  if (withdrawn.length === 1) return row
  throw new PlatformError(
    'control.invalid_input',
    `${digest} fits ${withdrawn.length} withdrawn versions of ${record.name}: give more characters.`,
  )
}

/** Makes a withdrawn digest `failed`: it may be tried again when someone asks. It starts nothing. */
export async function lift(database: Database, act: LiftAct): Promise<ActOutcome> {
  return await database.transaction(async (tx) => {
    const record = await lockRecord(tx, act.model)
    const row = meantDigest(record, act.digest)
    if (!row) {
      const sentence = `${shortDigest(act.digest)} of ${record.name} is not withdrawn.`
      return { changed: false, sentence }
    }
    await setStanding(tx, {
      model: record.name,
      digest: row.digest,
      standing: 'failed',
      reason: `lifted: ${act.reason}`,
      actor: act.actor,
    })
    await requestWork(tx, 'model', record.name)
    await notifyChange(tx, 'record')
    await audit(tx, {
      actor: act.actor,
      action: 'lifted',
      model: record.name,
      sentence: `${act.actor} lifted the withdrawal of ${record.name} ${shortDigest(row.digest)}`,
      reason: act.reason,
      details: { digest: row.digest },
    })
    return {
      changed: true,
      sentence: `Lifted ${shortDigest(row.digest)} of ${record.name}. It is tried again by \`understudy retry\`, not by itself.`,
    }
  })
}
