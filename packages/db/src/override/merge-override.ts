import { isPlatformError } from '@understudy/core'
import { type AuditEntry, audit } from '../audit/audit.ts'
import type { Tx } from '../database.ts'
import { notifyChange } from '../notify.ts'
import { lockPlan } from '../plan/plan-store.ts'
import { rollback } from '../rollout/rollback.ts'

/** What became of an override of a node. */
export interface MergedOverride {
  readonly id: string
  readonly node: string
  readonly model: string
  /** `rolledBack`: it became the rollback, with a hold. `planWon`: the plan had moved on, and only the record tells of it. */
  readonly outcome: 'rolledBack' | 'planWon'
}

/** Of a rollback. */
const REASON_CHARACTERS_MAX = 500

interface OverrideRow {
  readonly id: string
  readonly node: string
  readonly model: string
  readonly generation: number
  readonly from: number
  readonly to: number
  readonly reason: string
  readonly actor: string
  readonly signature: string
  readonly acceptedAt: Date
}

/**
 * Merges the oldest override that nodes reported and nobody merged yet, in the transaction it is given; undefined when there is none.
 *
 * If the plan is still where the node saw it, the override becomes the rollback that it meant: label, hold, standing, audit. Else the plan
 * wins, and an audit entry tells what a node answered meanwhile. Each is merged once, by one of any number of controllers.
 */
export async function mergeOverride(tx: Tx): Promise<MergedOverride | undefined> {
  const [row] = await tx.$queryRaw<OverrideRow[]>`
    SELECT id, node, model, generation::float8 AS generation, from_number::float8 AS "from", to_number::float8 AS "to", reason, actor, signature,
      accepted_at AS "acceptedAt"
    FROM override WHERE merged_at IS NULL ORDER BY accepted_at, id LIMIT 1 FOR UPDATE SKIP LOCKED`
  if (!row) return undefined
  const why = await whyPlanWins(tx, row)
  const refusal = why ?? (await rolledBack(tx, row))
  if (refusal === null) {
    await audit(tx, entryOf(row, 'rolledBack', 'the plan follows'))
    return merged(row, 'rolledBack')
  }
  await settle(tx, row, 'planWon')
  await notifyChange(tx, 'record')
  await audit(tx, entryOf(row, 'planWon', refusal))
  return merged(row, 'planWon')
}

async function whyPlanWins(tx: Tx, row: OverrideRow): Promise<string | null> {
  const model = await tx.model.findUnique({ where: { name: row.model }, select: { name: true } })
  if (!model) return 'there is no such model any more'
  const plan = await lockPlan(tx, row.model)
  if (plan.generation !== row.generation) return `the plan is at generation ${plan.generation} and wins`
  if (plan.live !== row.from || plan.previous !== row.to) return 'the plan has other versions and wins'
  return null
}

/** Null when it was carried out; else why not, and nothing was. */
async function rolledBack(tx: Tx, row: OverrideRow): Promise<string | null> {
  const { model, from, generation, actor } = row
  const reason = withNode(row)
  await tx.$executeRaw`SAVEPOINT override`
  try {
    await settle(tx, row, 'rolledBack')
    const outcome = await rollback(
      { transaction: (work) => work(tx) },
      { model, from, generation, reason, actor },
    )
    if (outcome.changed) return null
    await tx.$executeRaw`ROLLBACK TO SAVEPOINT override`
    return outcome.sentence
  } catch (error) {
    if (!isPlatformError(error)) throw error
    await tx.$executeRaw`ROLLBACK TO SAVEPOINT override`
    return error.message
  }
}

/** The reason of the person with the place, no longer than a reason may be. */
function withNode({ reason, node }: OverrideRow): string {
  const place = ` (decided on ${node.slice(0, 100)}, which was cut off)`
  return `${reason.slice(0, REASON_CHARACTERS_MAX - place.length)}${place}`
}

async function settle(tx: Tx, { id, node }: OverrideRow, outcome: MergedOverride['outcome']): Promise<void> {
  await tx.$executeRaw`
    UPDATE override SET merged_at = clock_timestamp(), outcome = ${outcome} WHERE id = ${id}::uuid AND node = ${node}`
}

function entryOf(row: OverrideRow, outcome: MergedOverride['outcome'], what: string): AuditEntry {
  const { id, node, model, generation, from, to, actor, reason, signature, acceptedAt } = row
  return {
    actor,
    action: 'override.merged',
    model,
    number: from,
    sentence: `${node} had let ${model} v${to} answer instead of v${from} since ${acceptedAt.toISOString()}, at generation ${generation}: ${what}`,
    reason,
    details: { id, node, generation, from, to, outcome, signature },
  }
}

function merged({ id, node, model }: OverrideRow, outcome: MergedOverride['outcome']): MergedOverride {
  return { id, node, model, outcome }
}
