import type { QualityHistogram } from '../outcomes/quality-histograms.ts'
import type { EvidenceRecord } from './evidence-record.ts'
import type { BreachRow, CounterRow, LossRow, MinuteRow, OfSeries, SeriesRow } from './rows/evidence-rows.ts'
import { at, atOrNull } from './rows/together.ts'

export interface EvidenceParts {
  readonly series: readonly SeriesRow[]
  readonly counters: readonly CounterRow[]
  readonly losses: readonly LossRow[]
  readonly breaches: readonly BreachRow[]
  readonly minutes: readonly MinuteRow[]
  readonly histograms: readonly QualityHistogram[]
}

function ofSeries<T extends OfSeries>(rows: readonly T[], id: string): Omit<T, 'seriesId'>[] {
  return rows.filter((row) => row.seriesId === id).map(({ seriesId: _, ...row }) => row)
}

/** What was counted for each series. */
export function evidenceOfRows(parts: EvidenceParts): ReadonlyMap<string, EvidenceRecord> {
  return new Map(
    parts.series.map(({ seriesId, attempt, passedAt }): [string, EvidenceRecord] => [
      seriesId,
      {
        seriesId,
        attempt,
        passedAt: atOrNull(passedAt),
        ...countersOf(parts.counters, seriesId),
        histograms: ofSeries(parts.histograms, seriesId),
        losses: ofSeries(parts.losses, seriesId),
        breaches: ofSeries(parts.breaches, seriesId),
        minutes: ofSeries(parts.minutes, seriesId),
      },
    ]),
  )
}

function countersOf(rows: readonly CounterRow[], id: string): Pick<EvidenceRecord, 'counters' | 'updatedAt'> {
  const own = ofSeries(rows, id)
  const times = own.map((row) => at(row.updatedAt).getTime())
  return {
    counters: own.map(({ updatedAt: _, segment, ...row }) => (segment === '' ? row : { ...row, segment })),
    updatedAt: times.length > 0 ? new Date(Math.max(...times)) : null,
  }
}
