import type { ErrorKind } from './error-kind.ts'

/** Errors of the database and its migrations. */
export const DB_ERRORS = {
  'db.account_missing': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Start as an ordinary user, or create the system account `postgres` or `nobody`.',
  },
  'db.migration_edited': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Restore the file as it was applied, and put the change into a new migration.',
  },
  'db.migration_failed': {
    category: 'FAILED_PRECONDITION',
    fault: 'platform',
    retry: 'afterChange',
    remedy: 'Correct the migration; what it did has been undone, unless it runs outside a transaction.',
  },
  'db.migration_lock_timeout': {
    category: 'UNAVAILABLE',
    fault: 'operator',
    retry: 'backoff',
    remedy: 'Another process is migrating this database: wait for it, or end it.',
  },
  'db.migration_unfinished': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Undo by hand what the migration left behind, then set rolled_back_at in its row.',
  },
  'db.migrations_unreadable': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Every folder of prisma/migrations holds one readable migration.sql.',
  },
  'db.postgres_failed': {
    category: 'UNAVAILABLE',
    fault: 'platform',
    retry: 'backoff',
    remedy: 'Read what PostgreSQL says, or set DATABASE_URL to a database of your own.',
  },
  'db.postgres_incompatible': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Install the PostgreSQL version that made the data, or move the data folder away.',
  },
  'db.postgres_missing': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Install PostgreSQL 15 or later, or set DATABASE_URL to a database of your own.',
  },
} as const satisfies Record<`db.${string}`, ErrorKind>
