import { PLANNED_ONCE, type Tx } from '../../database.ts'
import { Prisma } from '../../generated/client.ts'

/** A query, with the type of its rows as JSON carries them. */
export interface Rows<T> {
  readonly sql: Prisma.Sql
  /** Of types only. */
  readonly row?: T
}

type RowsOf<Q> = { readonly [K in keyof Q]: Q[K] extends Rows<infer T> ? readonly T[] : never }

/** A moment as JSON carries it. */
export type Instant = string

/** A record as JSON carries it. */
export type InJson<T> = {
  readonly [K in keyof T]: T[K] extends Date ? Instant : T[K] extends Date | null ? Instant | null : T[K]
}

/** A 64-bit number as JSON carries it: exact up to 2⁵³. */
export type Count = number

export function at(instant: Instant): Date {
  return new Date(instant)
}

export function atOrNull(instant: Instant | null): Date | null {
  return instant === null ? null : new Date(instant)
}

/** A query, for `readTogether`. */
export function rows<T>(sql: Prisma.Sql): Rows<T> {
  return { sql }
}

/**
 * Reads the rows of several queries in one statement, and so of one moment, also where others write meanwhile. One answer is quicker than
 * twenty; times come as text, 64-bit numbers as numbers.
 *
 * @param common - a `WITH` clause that the queries may name
 */
export async function readTogether<Q extends Readonly<Record<string, Rows<unknown>>>>(
  tx: Tx,
  queries: Q,
  common: Prisma.Sql = Prisma.empty,
): Promise<RowsOf<Q>> {
  const columns = Object.entries(queries).map(
    ([name, { sql }]) =>
      Prisma.sql`(SELECT coalesce(json_agg(q), '[]') FROM (${sql}) q) AS ${Prisma.raw(`"${name}"`)}`,
  )
  const [answer] = await tx.$queryRaw<
    RowsOf<Q>[]
  >`${Prisma.raw(PLANNED_ONCE)} ${common} SELECT ${Prisma.join(columns)}`
  if (answer === undefined) throw new Error('a statement without FROM gives one row')
  return answer
}
