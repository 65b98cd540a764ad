import type { MigrationFile } from './migration-file.ts'

/** One row of `_prisma_migrations` that was not rolled back. */
export interface RecordedMigration {
  readonly name: string
  readonly checksum: string
  readonly finished: boolean
}

export type MigrationPlan =
  | {
      readonly kind: 'apply'
      readonly pending: readonly MigrationFile[]
      readonly newerInDatabase: readonly string[]
    }
  | { readonly kind: 'unfinished'; readonly name: string }
  | { readonly kind: 'edited'; readonly name: string; readonly recorded: string; readonly found: string }

/**
 * Decides which migrations to apply, or why none may be.
 *
 * A migration that the database has and the folder lacks is no obstacle: an older program runs on a newer schema,
 * because migrations expand before they contract.
 */
export function planMigrations(
  files: readonly MigrationFile[],
  recorded: readonly RecordedMigration[],
): MigrationPlan {
  const unfinished = recorded.find((row) => !row.finished)
  if (unfinished) return { kind: 'unfinished', name: unfinished.name }
  const byName = new Map(recorded.map((row) => [row.name, row]))
  const pending: MigrationFile[] = []
  for (const file of files) {
    const row = byName.get(file.name)
    if (!row) pending.push(file)
    else if (row.checksum !== file.checksum) {
      return { kind: 'edited', name: file.name, recorded: row.checksum, found: file.checksum }
    }
    byName.delete(file.name)
  }
  return { kind: 'apply', pending, newerInDatabase: [...byName.keys()] }
}
