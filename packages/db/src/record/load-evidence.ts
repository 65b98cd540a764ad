import type { Tx } from '../database.ts'
import type { EvidenceRecord } from './model-record.ts'

interface BreachRow {
  readonly seriesId: string
  readonly kind: string
  readonly detail: string
  readonly requestId: string | null
}

/** The first breach of each kind in each series. */
function loadBreaches(tx: Tx, seriesIds: readonly string[]): Promise<BreachRow[]> {
  return tx.$queryRaw<BreachRow[]>`
    SELECT "seriesId", kind, detail, "requestId" FROM (
      SELECT DISTINCT ON (series_id, kind) series_id AS "seriesId", kind, detail, request_id AS "requestId", at
      FROM evidence_breach WHERE series_id = ANY(${[...seriesIds]}::uuid[]) ORDER BY series_id, kind, at) first
    ORDER BY at`
}

/** Sums the counters of series over all nodes and incarnations. */
export async function loadEvidence(
  tx: Tx,
  seriesIds: readonly string[],
): Promise<ReadonlyMap<string, EvidenceRecord>> {
  const ids = [...new Set(seriesIds)]
  if (ids.length === 0) return new Map()
  const where = { seriesId: { in: ids } }
  const series = await tx.evidenceSeries.findMany({ where: { id: { in: ids } } })
  const counters = await tx.evidenceCounter.groupBy({
    by: ['seriesId', 'source', 'step', 'gate', 'property'],
    where,
    _sum: { nPlus: true, nZero: true, nMinus: true },
    _max: { updatedAt: true },
  })
  const losses = await tx.evidenceLoss.groupBy({
    by: ['seriesId', 'source', 'step'],
    where,
    _sum: { admitted: true, lost: true },
  })
  const breaches = await loadBreaches(tx, ids)

  return new Map(
    series.map((row): [string, EvidenceRecord] => {
      const own = counters.filter((counter) => counter.seriesId === row.id)
      const times = own.map((counter) => counter._max.updatedAt?.getTime() ?? 0)
      return [
        row.id,
        {
          seriesId: row.id,
          attempt: row.attempt,
          passedAt: row.passedAt,
          counters: own.map((counter) => ({
            source: counter.source,
            step: counter.step,
            gate: counter.gate,
            property: counter.property,
            nPlus: Number(counter._sum.nPlus ?? 0),
            nZero: Number(counter._sum.nZero ?? 0),
            nMinus: Number(counter._sum.nMinus ?? 0),
          })),
          losses: losses
            .filter((loss) => loss.seriesId === row.id)
            .map((loss) => ({
              source: loss.source,
              step: loss.step,
              admitted: Number(loss._sum.admitted ?? 0),
              lost: Number(loss._sum.lost ?? 0),
            })),
          breaches: breaches
            .filter((breach) => breach.seriesId === row.id)
            .map((breach) => ({ kind: breach.kind, detail: breach.detail, requestId: breach.requestId })),
          updatedAt: times.length > 0 ? new Date(Math.max(...times)) : null,
        },
      ]
    }),
  )
}
