import type { PropertyCounters } from '@understudy/rollout'
import type { Tx } from '../database.ts'
import { loadQualityHistograms } from '../outcomes/load-quality-histograms.ts'
import type { BreachRecord, EvidenceRecord, MinuteRecord } from './evidence-record.ts'

/** Rows of many series, told apart by it. */
type OfSeries<T> = T & { readonly seriesId: string }

/** The first breach of each kind in each series. */
function loadBreaches(tx: Tx, seriesIds: readonly string[]): Promise<OfSeries<BreachRecord>[]> {
  return tx.$queryRaw<OfSeries<BreachRecord>[]>`
    SELECT "seriesId", kind, detail, "requestId" FROM (
      SELECT DISTINCT ON (series_id, kind) series_id AS "seriesId", kind, detail, request_id AS "requestId", at
      FROM evidence_breach WHERE series_id = ANY(${[...seriesIds]}::uuid[]) ORDER BY series_id, kind, at) first
    ORDER BY at`
}

/** How much of a series' traffic is looked at: two days. */
const MINUTES_PER_SERIES = 2_880

/** The latest traffic of each series by the minute, over all nodes. */
function loadMinutes(tx: Tx, seriesIds: readonly string[]): Promise<OfSeries<MinuteRecord>[]> {
  return tx.$queryRaw<OfSeries<MinuteRecord>[]>`
    SELECT s.id AS "seriesId", m.* FROM unnest(${[...seriesIds]}::uuid[]) s(id) CROSS JOIN LATERAL (
      SELECT (extract(epoch FROM minute) * 1000)::float8 AS "atMs", sum(requests)::float8 AS requests, sum(sampled)::float8 AS sampled
      FROM evidence_minute WHERE series_id = s.id GROUP BY minute ORDER BY minute DESC LIMIT ${MINUTES_PER_SERIES}) m
    ORDER BY s.id, m."atMs"`
}

interface CounterRow extends PropertyCounters {
  readonly segment: string
  readonly updatedAt: Date
}

/** The counters of each series over all nodes, by segment. */
function loadCounters(tx: Tx, seriesIds: readonly string[]): Promise<OfSeries<CounterRow>[]> {
  return tx.$queryRaw<OfSeries<CounterRow>[]>`
    SELECT series_id AS "seriesId", source, step, gate, property, segment,
      sum(n_plus)::float8 AS "nPlus", sum(n_zero)::float8 AS "nZero", sum(n_minus)::float8 AS "nMinus", max(updated_at) AS "updatedAt"
    FROM evidence_counter WHERE series_id = ANY(${[...seriesIds]}::uuid[])
    GROUP BY series_id, source, step, gate, property, segment ORDER BY series_id, source, step, gate, property, segment`
}

function ofSeries<T>(rows: readonly OfSeries<T>[], id: string): T[] {
  return rows.filter((row) => row.seriesId === id).map(({ seriesId: _, ...row }) => row as unknown as T)
}

/** What was counted for series: summed over all nodes and incarnations. */
export async function loadEvidence(
  tx: Tx,
  seriesIds: readonly string[],
): Promise<ReadonlyMap<string, EvidenceRecord>> {
  const ids = [...new Set(seriesIds)]
  if (ids.length === 0) return new Map()
  const series = await tx.evidenceSeries.findMany({ where: { id: { in: ids } } })
  const counters = await loadCounters(tx, ids)
  const losses = await tx.evidenceLoss.groupBy({
    by: ['seriesId', 'source', 'step'],
    where: { seriesId: { in: ids } },
    _sum: { admitted: true, lost: true },
    orderBy: [{ source: 'asc' }, { step: 'asc' }],
  })
  const histograms = await loadQualityHistograms(tx, ids)
  const breaches = await loadBreaches(tx, ids)
  const minutes = await loadMinutes(tx, ids)
  return new Map(
    series.map((row): [string, EvidenceRecord] => [
      row.id,
      {
        seriesId: row.id,
        attempt: row.attempt,
        passedAt: row.passedAt,
        ...countersOf(counters, row.id),
        histograms: ofSeries(histograms, row.id),
        losses: ofSeries(losses, row.id).map(({ source, step, _sum }) => ({
          source,
          step,
          admitted: Number(_sum.admitted ?? 0),
          lost: Number(_sum.lost ?? 0),
        })),
        breaches: ofSeries(breaches, row.id),
        minutes: ofSeries(minutes, row.id),
      },
    ]),
  )
}

function countersOf(
  rows: readonly OfSeries<CounterRow>[],
  id: string,
): Pick<EvidenceRecord, 'counters' | 'updatedAt'> {
  const own = ofSeries(rows, id)
  const times = own.map((row) => row.updatedAt.getTime())
  return {
    counters: own.map(({ updatedAt: _, segment, ...row }) => (segment === '' ? row : { ...row, segment })),
    updatedAt: times.length > 0 ? new Date(Math.max(...times)) : null,
  }
}
