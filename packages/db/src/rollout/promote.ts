import { PlatformError } from '@understudy/core'
import { decideRehearsal } from '@understudy/rollout'
import type { Database } from '../database.ts'
import {
  type ModelRecord,
  openRollout,
  standingOf,
  type VersionRecord,
  versionOf,
} from '../record/model-record.ts'
import { type ActOutcome, lockRecord } from './acts.ts'
import { deciderRollout, refOf, tipVersion } from './decider-input.ts'
import { requestRollout } from './request-rollout.ts'

export interface PromoteAct {
  readonly model: string
  readonly version: number
  readonly reason?: string | undefined
  readonly actor: string
}

/** A version that may be started by hand. @throws PlatformError `rollout.not_found`, `rollout.not_startable`, `rollout.withdrawn` */
function startable(record: ModelRecord, number: number): VersionRecord {
  const name = `${record.name} v${number}`
  const version = versionOf(record, number)
  if (!version) {
    throw new PlatformError(
      'rollout.not_found',
      `There is no ${name}. \`understudy status ${record.name}\` shows what there is.`,
    )
  }
  if (standingOf(record, version.digest) === 'withdrawn')
    throw new PlatformError('rollout.withdrawn', `${name} is withdrawn: lift it first.`)
  if (version.state !== 'validated' || !version.atTip) {
    const what = version.atTip ? version.state : 'no longer in Git'
    throw new PlatformError(
      'rollout.not_startable',
      `${name} is ${what}: only a validated version in Git can be tried.`,
    )
  }
  if (record.live !== null && number < record.live) {
    throw new PlatformError(
      'rollout.not_startable',
      `${name} is older than what is live (v${record.live}): roll back instead.`,
    )
  }
  return version
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
    if (record.live === act.version) return { changed: false, sentence: `${name} is live.` }
    const open = openRollout(record)
    const tried = open?.number === act.version && open.kind !== 'rehearsal'
    if (tried || (record.requested === act.version && record.requestedAs !== 'rehearsal'))
      return { changed: false, sentence: `${name} is being tried.` }
    startable(record, act.version)
    return await requestRollout(tx, record, {
      ...{ number: act.version, as: null },
      ...{ actor: act.actor, reason: act.reason },
    })
  })
}

/**
 * Compares a version with what is live, and promotes it in no case. Its digest stays what it was.
 *
 * @throws PlatformError `rollout.not_startable`, `rollout.withdrawn`
 */
export async function rehearse(database: Database, act: PromoteAct): Promise<ActOutcome> {
  return await database.transaction(async (tx) => {
    const record = await lockRecord(tx, act.model)
    const version = versionOf(record, act.version)
    const open = openRollout(record)
    const decision = decideRehearsal({
      model: record.name,
      number: act.version,
      version: version?.atTip ? tipVersion(version) : null,
      standing: version ? standingOf(record, version.digest) : 'untried',
      live: refOf(versionOf(record, record.live)),
      openRollout: open ? deciderRollout(record, open) : null,
    })
    if (decision.type === 'refused') throw new PlatformError(decision.code, decision.message)
    if (decision.type === 'done') return { changed: false, sentence: decision.message }
    return await requestRollout(tx, record, {
      ...{ number: act.version, as: 'rehearsal' },
      ...{ actor: act.actor, reason: act.reason },
    })
  })
}
