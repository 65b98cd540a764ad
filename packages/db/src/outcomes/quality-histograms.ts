import { LOSS_PROPERTY, type PropertyHistogram } from '@understudy/rollout'
import { Prisma } from '../generated/client.ts'
import { type Rows, rows } from '../record/rows/together.ts'

/** What outcomes say of one series, in one source and step. */
export interface QualityHistogram extends PropertyHistogram {
  readonly seriesId: string
}

export interface QualityBinRow {
  readonly seriesId: string
  readonly model: string
  readonly measure: string
  readonly source: string
  readonly step: string
  readonly bin: number
  readonly count: number
}

/** Differences of losses of these series (an array in SQL), by bin. */
export function qualityBinRows(seriesIds: Prisma.Sql): Rows<QualityBinRow> {
  return rows(Prisma.sql`
    SELECT b.series_id AS "seriesId", s.model, b.measure, b.source, b.step, b.bin, b.count::float8 AS count
    FROM outcome_bin b JOIN evidence_series s ON s.id = b.series_id
    WHERE b.series_id = ANY(${seriesIds})
    ORDER BY b.series_id, b.source, b.step, b.bin`)
}

/**
 * Differences of losses as histograms: the evidence of the gate `quality`. Only what was measured as the policy of the model measures now; a
 * changed policy begins with nothing.
 *
 * @param measureNow - undefined for a model that is not judged by outcomes
 */
export function qualityHistograms(
  bins: readonly QualityBinRow[],
  measureNow: (model: string) => string | undefined,
): readonly QualityHistogram[] {
  const found = new Map<string, QualityHistogram & { readonly bins: [number, number][] }>()
  for (const { seriesId, model, measure, source, step, bin, count } of bins) {
    if (measure !== measureNow(model)) continue
    const key = `${seriesId} ${source} ${step}`
    const empty = { seriesId, source, step, gate: 'quality', property: LOSS_PROPERTY, bins: [] }
    const histogram = found.get(key) ?? empty
    found.set(key, histogram)
    histogram.bins.push([bin, count])
  }
  return [...found.values()]
}
