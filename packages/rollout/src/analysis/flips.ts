import { addCounters, type Counters, type PropertyCounters, pairsOf } from '../evidence/counters.ts'
import { logEOfDifference } from '../evidence/log-e.ts'
import { FLIPS_GATE } from '../pairs/pair-ledger.ts'
import { type AnalysisPlan, allSources } from './analysis-plan.ts'

/** Which way rows of one output went over its threshold, in one source. Shown, never deciding. */
export interface FlipAssessment {
  readonly source: string
  readonly output: string
  /** Null in an analysis of an earlier release, which did not keep it. */
  readonly threshold: number | null
  /** Summed over steps: `nPlus` up, `nMinus` down, `nZero` neither. */
  readonly counters: Counters
  readonly pairs: number
  /** Natural logarithm of the e-value against "as many go up as down": of the counters above, so that anyone can compute it again. */
  readonly logDiffers: number
}

/**
 * Judges for each output that is compared with a threshold whether the candidate puts another share of rows above it than the baseline.
 *
 * An output of which no node has counted flips is left out: so is every output where only nodes of an earlier release counted.
 */
export function assessFlips(
  plan: AnalysisPlan,
  counters: readonly PropertyCounters[],
): readonly FlipAssessment[] {
  const rows = counters.filter((row) => row.gate === FLIPS_GATE && plan.steps.includes(row.step))
  return allSources(plan).flatMap((source) => {
    const seen = rows.filter((row) => row.source === source)
    return [...new Set(seen.map(({ property }) => property))].map((output) => {
      const sum = addCounters(seen.filter(({ property }) => property === output))
      const threshold = thresholdOf(plan, output)
      return {
        source,
        output,
        threshold,
        counters: sum,
        pairs: pairsOf(sum),
        logDiffers: logEOfDifference(sum),
      }
    })
  })
}

function thresholdOf({ gates }: AnalysisPlan, output: string): number | null {
  const properties = gates.find(({ gate }) => gate === 'disagreement')?.properties
  return properties?.find(({ property }) => property === output)?.threshold ?? null
}
