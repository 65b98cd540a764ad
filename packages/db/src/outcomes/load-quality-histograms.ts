import { LOSS_PROPERTY, type PropertyHistogram } from '@understudy/rollout'
import type { Tx } from '../database.ts'
import { loadQuality } from './quality-policies.ts'

/** What outcomes say of one series, in one source and step. */
export interface QualityHistogram extends PropertyHistogram {
  readonly seriesId: string
}

/**
 * Differences of losses of these series, summed: the evidence of the gate `quality`. Only what was measured as the policy of the model measures
 * now; a changed policy begins with nothing.
 */
export async function loadQualityHistograms(
  tx: Tx,
  seriesIds: readonly string[],
): Promise<readonly QualityHistogram[]> {
  if (seriesIds.length === 0) return []
  const rows = await tx.$queryRaw<
    {
      seriesId: string
      model: string
      measure: string
      source: string
      step: string
      bin: number
      count: number
    }[]
  >`
    SELECT b.series_id AS "seriesId", s.model, b.measure, b.source, b.step, b.bin, b.count::float8 AS count
    FROM outcome_bin b JOIN evidence_series s ON s.id = b.series_id
    WHERE b.series_id = ANY(${[...new Set(seriesIds)]}::uuid[])
    ORDER BY b.series_id, b.source, b.step, b.bin`
  const qualities = await loadQuality(tx, [...new Set(rows.map((row) => row.model))])
  const found = new Map<string, QualityHistogram & { readonly bins: [number, number][] }>()
  for (const { seriesId, model, measure, source, step, bin, count } of rows) {
    if (measure !== qualities.get(model)?.measure) continue
    const key = `${seriesId} ${source} ${step}`
    const histogram = found.get(key) ?? {
      seriesId,
      source,
      step,
      gate: 'quality',
      property: LOSS_PROPERTY,
      bins: [],
    }
    found.set(key, histogram)
    histogram.bins.push([bin, count])
  }
  return [...found.values()]
}
