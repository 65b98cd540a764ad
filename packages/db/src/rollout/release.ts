import type { DriftReason } from '@understudy/core'
import { decideWish, isReadyToCommit, type ReleaseFacts, type RolloutFacts } from '@understudy/rollout'
import type { Tx } from '../database.ts'
import { lockPlans } from '../plan/plan-store.ts'
import { loadRecords } from '../record/load-records.ts'
import { type ModelRecord, openRollout, type RolloutRecord } from '../record/model-record.ts'
import { deciderRollout, rolloutFacts, wishInput } from './decider-input.ts'

/** A model with its open rollout, as its release sees it. */
export interface Member {
  readonly record: ModelRecord
  readonly rollout: RolloutRecord | null
  readonly supersededBy: number | null
  /** It would go live now if it went alone; false for a model that does. */
  readonly ready: boolean
}

/** A model, with the other members of its release where it belongs to one. */
export interface Release {
  /** Null: the model goes live by itself. */
  readonly name: string | null
  /** By name, the model itself among them. */
  readonly members: readonly Member[]
  /** Named by the release, and not in the record. */
  readonly missing: readonly string[]
}

interface Group {
  readonly name: string
  readonly models: readonly string[]
}

/**
 * Locks the plan of a model, and those of all models that go live with it, and reads their records.
 *
 * The group's row is locked first: which models belong to it stays true until the transaction ends.
 */
export async function lockRelease(tx: Tx, model: string): Promise<Release> {
  const [group] = await tx.$queryRaw<Group[]>`
    SELECT name, models FROM release_group WHERE ${model} = ANY(models) ORDER BY name LIMIT 1 FOR SHARE`
  await lockPlans(tx, group?.models ?? [model])
  return await loadRelease(tx, group, model)
}

/** What a model's rollout waits for in its release, of one snapshot; null for a model that goes live by itself. */
export async function readRelease(tx: Tx, model: string): Promise<ReleaseFacts | null> {
  const [group] = await tx.$queryRaw<Group[]>`
    SELECT name, models FROM release_group WHERE ${model} = ANY(models) ORDER BY name LIMIT 1`
  return group ? releaseFacts(await loadRelease(tx, group, model), model) : null
}

async function loadRelease(tx: Tx, group: Group | undefined, model: string): Promise<Release> {
  const names = group?.models ?? [model]
  const records = await loadRecords(tx, names)
  return {
    name: group?.name ?? null,
    members: records.map((record) => memberOf(record, group !== undefined)),
    missing: names.filter((name) => !records.some((record) => record.name === name)),
  }
}

function memberOf(record: ModelRecord, grouped: boolean): Member {
  const { act } = decideWish(wishInput(record))
  const rollout = openRollout(record) ?? null
  const supersededBy = act.type === 'supersede' ? act.number : null
  const ready =
    grouped &&
    rollout !== null &&
    isReadyToCommit(
      deciderRollout(record, rollout),
      rolloutFacts(record, rollout, { supersededBy, act: null, release: null }),
    )
  return { record, rollout, supersededBy, ready }
}

/** Drift of a member that goes nowhere until Git says another thing. */
const STANDS: ReadonlySet<DriftReason> = new Set(['deletedInGit', 'pinned'])

/** Whether a member still has a way to go before it is what Git asks for; one that has arrived, or is pinned, keeps nobody waiting. */
function isOnItsWay({ record, rollout, ready }: Member): boolean {
  if (ready) return false
  const { drift } = decideWish(wishInput(record))
  if (drift !== null && !STANDS.has(drift.reason)) return true
  return rollout !== null && rollout.kind !== 'rehearsal' && rollout.step !== 'bake'
}

/** What a rollout of one member waits for in its release; null for a model that goes live by itself. */
function releaseFacts(release: Release, model: string): ReleaseFacts | null {
  if (release.name === null) return null
  const others = release.members.filter((member) => member.record.name !== model)
  const waitingFor = [...others.filter(isOnItsWay).map((member) => member.record.name), ...release.missing]
  return { name: release.name, waitingFor }
}

/** Everything that the decider of a member's rollout looks at, its release included. */
export function memberFacts(
  release: Release,
  { record, supersededBy }: Member,
  rollout: RolloutRecord,
): RolloutFacts {
  return rolloutFacts(record, rollout, {
    supersededBy,
    act: null,
    release: releaseFacts(release, record.name),
  })
}
