import { PlatformError } from '@understudy/core'
import { audit } from '../audit/audit.ts'
import type { Database } from '../database.ts'
import { notifyChange } from '../notify.ts'
import { openRollout, standingOf, versionOf } from '../record/model-record.ts'
import { requestWork } from '../work/work-queue.ts'
import { type ActOutcome, lockRecord } from './acts.ts'

export interface PromoteAct {
  readonly model: string
  readonly version: number
  readonly reason?: string | undefined
  readonly actor: string
}

/**
 * Starts a rollout of a version by hand, as `trigger: manual` asks for. It shortens nothing: evidence and approval are asked for as ever.
 *
 * @throws PlatformError `rollout.not_found`, `rollout.not_startable`, `rollout.withdrawn`
 */
export async function promote(database: Database, act: PromoteAct): Promise<ActOutcome> {
  return await database.transaction(async (tx) => {
    const record = await lockRecord(tx, act.model)
    const name = `${record.name} v${act.version}`
    const version = versionOf(record, act.version)
    if (!version) {
      throw new PlatformError(
        'rollout.not_found',
        `There is no ${name}. \`understudy status ${record.name}\` shows what there is.`,
      )
    }
    if (record.live === act.version) return { changed: false, sentence: `${name} is live.` }
    if (openRollout(record)?.number === act.version || record.requested === act.version) {
      return { changed: false, sentence: `${name} is being tried.` }
    }
    if (standingOf(record, version.digest) === 'withdrawn') {
      throw new PlatformError('rollout.withdrawn', `${name} is withdrawn: lift it first.`)
    }
    if (version.state !== 'validated' || !version.atTip) {
      const what = version.atTip ? version.state : 'no longer in Git'
      throw new PlatformError(
        'rollout.not_startable',
        `${name} is ${what}: only a validated version in Git can be tried.`,
      )
    }
    if (record.live !== null && act.version < record.live) {
      throw new PlatformError(
        'rollout.not_startable',
        `${name} is older than what is live (v${record.live}): roll back instead.`,
      )
    }
    await tx.model.update({ where: { name: record.name }, data: { requestedNumber: act.version } })
    await requestWork(tx, 'model', record.name)
    await notifyChange(tx, 'record')
    await audit(tx, {
      actor: act.actor,
      action: 'rollout.requested',
      model: record.name,
      number: act.version,
      sentence: `${act.actor} asked for ${name} to be tried`,
      reason: act.reason,
    })
    return {
      changed: true,
      sentence: `${name} is tried now. \`understudy why ${record.name}\` says what it waits for.`,
    }
  })
}
