import { Prisma } from '../../generated/client.ts'

const ROLLOUTS_PER_MODEL = 20

/** Names of models, as an array in SQL: those that are named, or all. */
export function namesOf(only: readonly string[] | undefined): Prisma.Sql {
  return only ? Prisma.sql`${[...only]}::text[]` : Prisma.sql`ARRAY(SELECT name FROM model)`
}

/** What the queries of a record have in common: `seen`, the rollouts that are looked at: the open one of each model, and the last that ended. */
export function seenRollouts(names: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`WITH seen AS MATERIALIZED (
    SELECT r.* FROM unnest(${names}) m(name) CROSS JOIN LATERAL (
      SELECT * FROM rollout WHERE model = m.name ORDER BY ended_at DESC NULLS FIRST, started_at DESC LIMIT ${ROLLOUTS_PER_MODEL}) r)`
}

/** The series of the rollouts that are looked at, as an array in SQL. */
export const SEEN_SERIES = Prisma.sql`ARRAY(SELECT DISTINCT series_id FROM seen WHERE series_id IS NOT NULL)`
