import type { PropertyCounters } from '@understudy/rollout'
import { Prisma } from '../../generated/client.ts'
import { qualityBinRows } from '../../outcomes/quality-histograms.ts'
import type { BreachRecord, MinuteRecord } from '../evidence-record.ts'
import { SEEN_SERIES } from './seen.ts'
import { type Count, type Instant, type Rows, rows } from './together.ts'

/** Rows of many series, told apart by it. */
export interface OfSeries {
  readonly seriesId: string
}

export interface SeriesRow extends OfSeries {
  readonly attempt: number
  readonly passedAt: Instant | null
}

const SERIES: Rows<SeriesRow> = rows(Prisma.sql`
  SELECT id AS "seriesId", attempt, passed_at AS "passedAt" FROM evidence_series WHERE id = ANY(${SEEN_SERIES})`)

export interface CounterRow extends OfSeries, PropertyCounters {
  readonly segment: string
  readonly updatedAt: Instant
}

/** The counters of each series over all nodes, by segment. */
const COUNTERS: Rows<CounterRow> = rows(Prisma.sql`
  SELECT series_id AS "seriesId", source, step, gate, property, segment,
    sum(n_plus)::float8 AS "nPlus", sum(n_zero)::float8 AS "nZero", sum(n_minus)::float8 AS "nMinus", max(updated_at) AS "updatedAt"
  FROM evidence_counter WHERE series_id = ANY(${SEEN_SERIES})
  GROUP BY series_id, source, step, gate, property, segment ORDER BY series_id, source, step, gate, property, segment`)

export interface LossRow extends OfSeries {
  readonly source: string
  readonly step: string
  readonly admitted: Count
  readonly lost: Count
}

const LOSSES: Rows<LossRow> = rows(Prisma.sql`
  SELECT series_id AS "seriesId", source, step, sum(admitted)::float8 AS admitted, sum(lost)::float8 AS lost
  FROM evidence_loss WHERE series_id = ANY(${SEEN_SERIES}) GROUP BY series_id, source, step ORDER BY source, step`)

export interface BreachRow extends OfSeries, BreachRecord {}

/** The first breach of each kind in each series. */
const BREACHES: Rows<BreachRow> = rows(Prisma.sql`
  SELECT "seriesId", kind, detail, "requestId" FROM (
    SELECT DISTINCT ON (series_id, kind) series_id AS "seriesId", kind, detail, request_id AS "requestId", at
    FROM evidence_breach WHERE series_id = ANY(${SEEN_SERIES}) ORDER BY series_id, kind, at) first
  ORDER BY at`)

/** How much of a series' traffic is looked at: two days. */
const MINUTES_PER_SERIES = 2_880

export interface MinuteRow extends OfSeries, MinuteRecord {}

/** The latest traffic of each series by the minute, over all nodes. */
const MINUTES: Rows<MinuteRow> = rows(Prisma.sql`
  SELECT s.id AS "seriesId", m.* FROM unnest(${SEEN_SERIES}) s(id) CROSS JOIN LATERAL (
    SELECT (extract(epoch FROM minute) * 1000)::float8 AS "atMs", sum(requests)::float8 AS requests, sum(sampled)::float8 AS sampled
    FROM evidence_minute WHERE series_id = s.id GROUP BY minute ORDER BY minute DESC LIMIT ${MINUTES_PER_SERIES}) m
  ORDER BY s.id, m."atMs"`)

/** What was counted for the rollouts that are looked at, summed over nodes and their incarnations. */
export const EVIDENCE_ROWS = {
  series: SERIES,
  counters: COUNTERS,
  losses: LOSSES,
  breaches: BREACHES,
  minutes: MINUTES,
  bins: qualityBinRows(SEEN_SERIES),
}
