import { assessQualityDrift, type Histogram, type QualityDrift } from '@understudy/rollout'
import type { Tx } from '../database.ts'
import { loadQuality, type ModelQuality } from './quality-policies.ts'

const DAY_MS = 86_400_000
/** Days that are read; older ones are forgotten soon. */
const DAYS_MAX = 90

/** Losses of the predictions of one day (UTC). */
export interface QualityDay {
  readonly day: Date
  readonly count: number
  readonly meanLoss: number
}

export interface VersionQuality {
  readonly number: number
  readonly digest: string
  /** Days with outcomes, oldest first. */
  readonly days: readonly QualityDay[]
  /** Of the live version, whether it became worse than in its rollout; null for others. It alarms and does nothing else. */
  readonly drift: QualityDrift | null
}

/** How good versions are by what turned out to be true. */
export interface QualityCurve {
  readonly output: string
  readonly loss: 'zeroOne' | 'absolute'
  readonly margin: number
  /** Newest version first. */
  readonly versions: readonly VersionQuality[]
}

interface DayRow {
  readonly number: bigint
  readonly digest: string
  readonly day: Date
  /** As the candidate of its rollout; else live, or as the baseline of another. */
  readonly inRollout: boolean
  readonly count: number
  readonly sum: number
  readonly bins: Histogram
}

/** Scores of a model by version and day, as its policy measures now; null where it has no quality gate. */
export async function loadQualityCurve(tx: Tx, model: string): Promise<QualityCurve | null> {
  const quality = (await loadQuality(tx, [model])).get(model)
  if (quality === undefined) return null
  const rows = await loadDays(tx, model, quality.measure)
  const live = await loadLive(tx, model)
  const { output, loss, margin } = quality.policy
  const numbers = [...new Set(rows.map((row) => row.number))].sort((left, right) => Number(right - left))
  const versions = numbers.map((number): VersionQuality => {
    const own = rows.filter((row) => row.number === number)
    const drift = live?.number === number ? driftOf(own, live.since, quality) : null
    return { number: Number(number), digest: own.at(-1)?.digest ?? '', days: daysOf(own), drift }
  })
  return { output, loss, margin, versions }
}

function loadDays(tx: Tx, model: string, measure: string): Promise<DayRow[]> {
  return tx.$queryRaw<DayRow[]>`
    SELECT number, digest, day, "inRollout", sum(count)::int AS count, sum(sum)::float8 AS sum,
      json_agg(json_build_array(bin, count) ORDER BY bin) AS bins
    FROM (
      SELECT c.number, c.digest, date_trunc('day', c.at, 'UTC') AS day, c.bin,
        coalesce(c.digest = s.candidate_digest, false) AS "inRollout", count(*)::int AS count, sum(c.loss) AS sum
      FROM outcome_score c LEFT JOIN evidence_series s ON s.id = c.series_id
      WHERE c.model = ${model} AND c.measure = ${measure} AND c.at > now() - ${DAYS_MAX} * interval '1 day'
      GROUP BY 1, 2, 3, 4, 5) binned
    GROUP BY number, digest, day, "inRollout" ORDER BY number, day`
}

/** The live version, and since when it is live. */
async function loadLive(
  tx: Tx,
  model: string,
): Promise<{ readonly number: bigint; readonly since: Date } | undefined> {
  const [row] = await tx.$queryRaw<{ number: bigint; since: Date }[]>`
    SELECT l.number, max(p.at) AS since FROM plan_label l JOIN promotion p ON p.model = l.model AND p.to_number = l.number
    WHERE l.model = ${model} AND l.label = 'live' GROUP BY l.number`
  return row
}

function daysOf(rows: readonly DayRow[]): readonly QualityDay[] {
  const days = new Map<number, { count: number; sum: number }>()
  for (const { day, count, sum } of rows) {
    const before = days.get(day.getTime()) ?? { count: 0, sum: 0 }
    days.set(day.getTime(), { count: before.count + count, sum: before.sum + sum })
  }
  return [...days].map(([at, { count, sum }]) => ({ day: new Date(at), count, meanLoss: sum / count }))
}

function driftOf(rows: readonly DayRow[], since: Date, { policy }: ModelQuality): QualityDrift {
  const first = Math.floor(since.getTime() / DAY_MS)
  return assessQualityDrift({
    reference: rows.filter((row) => row.inRollout).flatMap((row) => row.bins),
    // A version that returned is judged by this life, not by an earlier one.
    days: rows
      .filter((row) => !row.inRollout)
      .map(({ day, bins }) => ({ day: Math.floor(day.getTime() / DAY_MS) - first, bins }))
      .filter(({ day }) => day >= 0),
    margin: policy.margin,
  })
}
