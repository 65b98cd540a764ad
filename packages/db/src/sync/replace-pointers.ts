import type { PointerEntry } from '@understudy/core'
import { areSameLabels, formatVersion, joinWords, type UserLabels } from '@understudy/rollout'
import type { Tx } from '../database.ts'
import { lockPlans } from '../plan/plan-store.ts'

/** What the environment file says of models, by name. */
export interface Pointers {
  /** Where it stands, for people. */
  readonly file: string
  readonly models: Readonly<Record<string, PointerEntry>>
}

/** The entry of one model that came, went (null) or changed. */
export interface PointerChange {
  readonly model: string
  readonly entry: PointerEntry | null
}

interface Source {
  readonly repositoryId: string
  readonly commit: string
}

/**
 * Makes the entries of a repository what its tip says, and gives those that changed. An entry that names another live version than before
 * is still to be carried out; one that names the same stays as it is.
 *
 * Plans are locked first: no rollout that began before the change is dated after it.
 */
export async function replacePointers(
  tx: Tx,
  { repositoryId, commit }: Source,
  { file, models }: Pointers,
): Promise<readonly PointerChange[]> {
  const before = await tx.pointer.findMany({ where: { repositoryId } })
  const isAsBefore = ([model, { live, labels }]: [string, PointerEntry]) =>
    before.some(
      (row) =>
        row.modelName === model &&
        row.file === file &&
        numberOrNull(row.live) === (live ?? null) &&
        areSameLabels(row.labels as UserLabels, labels),
    )
  const gone = before.map((row) => row.modelName).filter((model) => !Object.hasOwn(models, model))
  const come = Object.entries(models).filter((entry) => !isAsBefore(entry))
  if (gone.length + come.length === 0) return []
  await lockPlans(tx, [...gone, ...come.map(([model]) => model)])
  await tx.pointer.deleteMany({ where: { modelName: { in: gone } } })
  for (const [model, { live = null, labels }] of come) {
    await tx.$executeRaw`
      INSERT INTO pointer (model, repository_id, file, live, labels, changed_at, commit)
      VALUES (${model}, ${repositoryId}::uuid, ${file}, ${live}::bigint, ${JSON.stringify(labels)}::jsonb, clock_timestamp(), ${commit})
      ON CONFLICT (model) DO UPDATE SET file = EXCLUDED.file, live = EXCLUDED.live, labels = EXCLUDED.labels,
        changed_at = CASE WHEN pointer.live IS NOT DISTINCT FROM EXCLUDED.live THEN pointer.changed_at ELSE EXCLUDED.changed_at END,
        commit = CASE WHEN pointer.live IS NOT DISTINCT FROM EXCLUDED.live THEN pointer.commit ELSE EXCLUDED.commit END,
        settled_at = CASE WHEN pointer.live IS NOT DISTINCT FROM EXCLUDED.live THEN pointer.settled_at END
      WHERE pointer.repository_id = EXCLUDED.repository_id`
  }
  return [
    ...gone.map((model) => ({ model, entry: null })),
    ...come.map(([model, entry]) => ({ model, entry })),
  ]
}

function numberOrNull(value: bigint | null): number | null {
  return value === null ? null : Number(value)
}

/** What a changed entry says now, in one sentence for the audit log. */
export function describePointer(file: string, { model, entry }: PointerChange): string {
  if (entry === null) return `${file} says nothing of ${model} any more`
  const { live, labels } = entry
  const wishes = [
    ...(live === undefined ? [] : [`live ${formatVersion(live)}`]),
    ...Object.entries(labels).map(([label, number]) => `${label} ${formatVersion(number)}`),
  ]
  return `${file} asks for ${joinWords(wishes)} of ${model}`
}
