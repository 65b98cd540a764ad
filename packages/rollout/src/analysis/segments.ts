import { addCounters, type Counters, type PropertyCounters, pairsOf } from '../evidence/counters.ts'
import { logE, logMeanExp } from '../evidence/log-e.ts'
import { type AnalysisPlan, allSources, type GateName, type GatePlan } from './analysis-plan.ts'

/** Of the segments that are flagged, the share that is flagged wrongly is at most this on average, whatever they have in common. */
export const SEGMENT_FDR = 0.05

/** The gates whose counters are split. */
const SPLIT_GATES: readonly GateName[] = ['errors', 'disagreement']

/** What one segment says about one gate in one source. Shown, never deciding. */
export interface SegmentAssessment {
  readonly source: string
  readonly gate: GateName
  /** Value of the header; empty for requests without it. */
  readonly segment: string
  /** Of the property in which the candidate stands worst. */
  readonly counters: Counters
  readonly pairs: number
  readonly logHarm: number
  /** Worse than the margin, among all segments that were looked at. */
  readonly flagged: boolean
}

/**
 * Judges each segment by the harm of its own counters, and flags those that stand out although many are looked at (e-BH: the largest k with
 * e_(k) >= m / (k·α), m hypotheses). Empty where nothing is split. A gate without a margin has no hypothesis.
 */
export function assessSegments(
  plan: AnalysisPlan,
  counters: readonly PropertyCounters[],
): readonly SegmentAssessment[] {
  const split = counters.filter((row) => isSplit(row.gate))
  if (split.every((row) => segmentOf(row) === '')) return []
  const found: SegmentAssessment[] = []
  for (const source of allSources(plan)) {
    for (const gate of plan.gates) {
      if (!isSplit(gate.gate) || gate.margin === null) continue
      const rows = split.filter((row) => row.gate === gate.gate && row.source === source)
      for (const segment of new Set(rows.map(segmentOf))) {
        const own = rows.filter((row) => segmentOf(row) === segment)
        found.push({ source, gate: gate.gate, segment, ...assessSegment(plan, gate, own), flagged: false })
      }
    }
  }
  return flag(found)
}

function assessSegment(plan: AnalysisPlan, gate: GatePlan, rows: readonly PropertyCounters[]) {
  const deciding = gate.properties.filter((property) => property.decides)
  const asked = deciding.length > 0 ? deciding : gate.properties
  const properties = asked.map(({ property }) => {
    const own = rows.filter((row) => row.property === property)
    const counters = addCounters(own)
    const bySteps = plan.steps.map((step) =>
      logE(addCounters(own.filter((row) => row.step === step)), gate.margin ?? 0, 'harm'),
    )
    return { counters, pairs: pairsOf(counters), logHarm: logMeanExp(bySteps) }
  })
  const [worst] = [...properties].sort((left, right) => right.logHarm - left.logHarm)
  const counters = worst?.counters ?? addCounters([])
  return {
    counters,
    pairs: pairsOf(counters),
    logHarm: properties.length === 0 ? 0 : logMeanExp(properties.map((property) => property.logHarm)),
  }
}

function flag(segments: readonly SegmentAssessment[]): readonly SegmentAssessment[] {
  const ranked = [...segments].sort((left, right) => right.logHarm - left.logHarm)
  const flagged = countFlagged(ranked.map((segment) => segment.logHarm))
  return ranked.map((segment, index) => ({ ...segment, flagged: index < flagged }))
}

/** How many of these e-values, greatest first and as logarithms, e-BH rejects. */
export function countFlagged(descendingLogs: readonly number[], fdr = SEGMENT_FDR): number {
  const m = descendingLogs.length
  return descendingLogs.reduce(
    (largest, log, index) => (log >= Math.log(m / ((index + 1) * fdr)) ? index + 1 : largest),
    0,
  )
}

function isSplit(gate: string): boolean {
  return SPLIT_GATES.some((one) => one === gate)
}

function segmentOf({ segment }: PropertyCounters): string {
  return segment ?? ''
}
