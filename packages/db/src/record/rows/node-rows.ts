import { Prisma } from '../../generated/client.ts'
import type { OfModel } from './model-rows.ts'
import { type Count, type Instant, type Rows, rows } from './together.ts'

export interface NodeRow {
  readonly incarnation: string
  readonly name: string
  readonly joined: boolean
  readonly startedAt: Instant
  /** By model, of these models. */
  readonly observed: Readonly<Record<string, Count>>
}

/** Nodes with a lease, by the database's clock; with what they have seen of the plans of these models. */
export function nodeRows(names: Prisma.Sql): Rows<NodeRow> {
  return rows(Prisma.sql`
    SELECT n.incarnation, n.name, n.joined AND NOT n.draining AS joined, n.started_at AS "startedAt",
      (SELECT coalesce(json_object_agg(o.model, o.observed_generation), '{}') FROM node_model o
        WHERE o.incarnation = n.incarnation AND o.model = ANY(${names})) AS observed
    FROM node n WHERE n.lease_until > clock_timestamp() ORDER BY n.name`)
}

export interface ServableRow extends OfModel {
  readonly node: string
  readonly joined: boolean
  readonly number: Count
  readonly digest: string
  readonly state: string
  readonly reason: string | null
}

/** What nodes with a lease hold of these models; of two processes of one node the last started first. */
export function servableRows(names: Prisma.Sql): Rows<ServableRow> {
  return rows(Prisma.sql`
    SELECT s.model AS "modelName", n.name AS node, n.joined AND NOT n.draining AS joined, s.number, s.digest, s.state, s.reason
    FROM node n JOIN node_servable s ON s.incarnation = n.incarnation
    WHERE n.lease_until > clock_timestamp() AND s.model = ANY(${names}) ORDER BY n.name, s.number, n.started_at DESC`)
}
