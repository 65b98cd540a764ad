import { PlatformError, planServing, type RolloutKind, SYSTEM_LABELS } from '@understudy/core'
import type { Tx } from '../database.ts'

/** The plan row of a model with its labels, locked until the transaction ends. */
export interface LockedPlan {
  readonly model: string
  readonly generation: number
  readonly live: number | null
  readonly previous: number | null
}

/** Locks the plan row of a model, making it when it is missing. Moves of labels and joins of nodes wait for each other here. */
export async function lockPlan(tx: Tx, model: string): Promise<LockedPlan> {
  await tx.$executeRaw`INSERT INTO plan (model) VALUES (${model}) ON CONFLICT DO NOTHING`
  const [plan] = await tx.$queryRaw<
    { generation: bigint }[]
  >`SELECT generation FROM plan WHERE model = ${model} FOR UPDATE`
  if (!plan) throw new PlatformError('control.not_found', `There is no plan of ${model}.`)
  const labels = await tx.planLabel.findMany({ where: { modelName: model } })
  const numberOf = (label: string) => {
    const row = labels.find((candidate) => candidate.label === label)
    return row ? Number(row.number) : null
  }
  return {
    model,
    generation: Number(plan.generation),
    live: numberOf('live'),
    previous: numberOf('previous'),
  }
}

/** Locks the plan rows of several models, making those that are missing; always in the order of their names, as nodes do that join. */
export async function lockPlans(tx: Tx, models: readonly string[]): Promise<void> {
  const names = [...models]
  await tx.$executeRaw`
    INSERT INTO plan (model) SELECT name FROM model WHERE name = ANY(${names}::text[]) ORDER BY name ON CONFLICT DO NOTHING`
  await tx.$queryRaw`SELECT model FROM plan WHERE model = ANY(${names}::text[]) ORDER BY model FOR UPDATE`
}

/** Sets what nodes shall hold loaded. Labels must already point inside the list. True when that changed something. */
export async function setAspired(tx: Tx, model: string, numbers: readonly number[]): Promise<boolean> {
  const wanted = [...numbers]
  const removed =
    await tx.$executeRaw`DELETE FROM plan_version WHERE model = ${model} AND NOT (number = ANY(${wanted}::bigint[]))`
  const added = await tx.$executeRaw`
    INSERT INTO plan_version (model, number) SELECT ${model}, * FROM unnest(${wanted}::bigint[]) ON CONFLICT DO NOTHING`
  return removed + added > 0
}

/** Why `live` moved: how a rollout earned it, a person who did not wait for the verdict, or a way back. */
export type PromotionKind = Exclude<RolloutKind, 'rehearsal'> | 'promoteNow' | 'rollback'

export interface LabelMove {
  readonly live: number
  readonly previous: number | null
  /** Stays loaded besides; null when no rollout goes on. */
  readonly candidate: number | null
  /** Stays loaded for labels of the user's own. */
  readonly labelled: readonly number[]
  readonly kind: PromotionKind
  readonly rolloutId: string | null
  readonly toDigest: string
  readonly actor: string
  readonly reason: string | null
}

/** Moves `live` and `previous` under the plan's lock, counts the generation, and records the promotion. Returns the new generation. */
export async function moveLabels(tx: Tx, plan: LockedPlan, move: LabelMove): Promise<number> {
  const generation = plan.generation + 1
  const { model } = plan
  const aspired = planServing(move)
  await tx.$executeRaw`INSERT INTO plan_version (model, number) SELECT ${model}, * FROM unnest(${[...aspired]}::bigint[]) ON CONFLICT DO NOTHING`
  await tx.$executeRaw`
    INSERT INTO plan_label (model, label, number) VALUES (${model}, 'live', ${move.live})
    ON CONFLICT (model, label) DO UPDATE SET number = EXCLUDED.number`
  if (move.previous === null) {
    await tx.$executeRaw`DELETE FROM plan_label WHERE model = ${model} AND label = 'previous'`
  } else {
    await tx.$executeRaw`
      INSERT INTO plan_label (model, label, number) VALUES (${model}, 'previous', ${move.previous})
      ON CONFLICT (model, label) DO UPDATE SET number = EXCLUDED.number`
  }
  await setAspired(tx, model, aspired)
  await tx.$executeRaw`UPDATE plan SET generation = ${generation}, updated_at = clock_timestamp() WHERE model = ${model}`
  await tx.$executeRaw`
    INSERT INTO promotion (model, generation, from_number, to_number, to_digest, kind, rollout_id, actor, reason)
    VALUES (${model}, ${generation}, ${plan.live}::bigint, ${move.live}, ${move.toDigest}, ${move.kind}, ${move.rolloutId}::uuid, ${move.actor}, ${move.reason})`
  return generation
}

/**
 * Sets the labels of the user's own, and what is loaded with them, under the plan's lock, and counts the generation. Returns the new one.
 *
 * REQUIRES: labels point inside the list.
 */
export async function setUserLabels(
  tx: Tx,
  plan: LockedPlan,
  {
    labels,
    aspired,
  }: { readonly labels: Readonly<Record<string, number>>; readonly aspired: readonly number[] },
): Promise<number> {
  const { model } = plan
  const generation = plan.generation + 1
  const names = Object.keys(labels)
  await tx.$executeRaw`
    DELETE FROM plan_label WHERE model = ${model} AND NOT (label = ANY(${[...SYSTEM_LABELS, ...names]}::text[]))`
  await tx.$executeRaw`
    INSERT INTO plan_version (model, number) SELECT ${model}, * FROM unnest(${[...aspired]}::bigint[]) ON CONFLICT DO NOTHING`
  await tx.$executeRaw`
    INSERT INTO plan_label (model, label, number)
    SELECT ${model}, * FROM unnest(${names}::text[], ${Object.values(labels)}::bigint[])
    ON CONFLICT (model, label) DO UPDATE SET number = EXCLUDED.number`
  await setAspired(tx, model, aspired)
  await tx.$executeRaw`UPDATE plan SET generation = ${generation}, updated_at = clock_timestamp() WHERE model = ${model}`
  return generation
}

/** How the joined nodes stand to one digest of a model, by the database's clock. */
export interface Preparedness {
  /** Names of joined nodes with a lease. */
  readonly joined: readonly string[]
  /** Of these, the ones that report the digest available. */
  readonly available: readonly string[]
  /** Of these, the ones that report it in error, with the reason. */
  readonly failed: readonly { readonly node: string; readonly reason: string }[]
}

/** Reads how far the joined nodes are with a version. Judge it under the plan's lock when something is committed on it. */
export async function readPreparedness(
  tx: Tx,
  model: string,
  number: number,
  digest: string,
): Promise<Preparedness> {
  const rows = await tx.$queryRaw<{ name: string; state: string | null; reason: string | null }[]>`
    SELECT n.name, s.state, s.reason FROM node n
    LEFT JOIN node_servable s ON s.incarnation = n.incarnation AND s.model = ${model} AND s.number = ${number} AND s.digest = ${digest}
    WHERE n.joined AND NOT n.draining AND n.lease_until > clock_timestamp() ORDER BY n.name`
  return {
    joined: rows.map((row) => row.name),
    available: rows.filter((row) => row.state === 'available').map((row) => row.name),
    failed: rows
      .filter((row) => row.state === 'error')
      .map((row) => ({ node: row.name, reason: row.reason ?? 'no reason given' })),
  }
}
