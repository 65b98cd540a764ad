import { median } from '../stats/quantile.ts'
import { TARGETS, type Target } from './target.ts'

/** What a row measured for one target. */
export interface Finding {
  readonly id: string
  /** One figure a round; the value is their median. Empty when nothing could be measured. */
  readonly samples: readonly number[]
  /** Instead of the median: counts are added up, for example. */
  readonly value?: number
  /** Absolute figures and circumstances, for whoever reads the table. */
  readonly notes?: readonly string[]
  /** Why there is no value. */
  readonly reason?: string
}

/** One figure as `.understudy/bench.json` keeps it. */
export interface BenchEntry {
  readonly id: string
  readonly figure: string
  /** Null when it could not be measured; `reason` says why. */
  readonly value: number | null
  readonly floorToPass: number
  readonly goal: number
  /** What the value is made of: one figure a round. */
  readonly samples: readonly number[]
  readonly reason?: string
}

export type Outcome = 'goal' | 'pass' | 'miss' | 'not measured'

/** What was found, in the order of the targets. */
export function toEntries(findings: readonly Finding[]): readonly BenchEntry[] {
  return TARGETS.flatMap((target) => {
    const finding = findings.find((one) => one.id === target.id)
    return finding === undefined ? [] : [toEntry(target, finding)]
  })
}

export function toEntry({ id, figure, floorToPass, goal }: Target, finding: Finding): BenchEntry {
  const samples = finding.samples.filter(Number.isFinite).map(rounded)
  const value = finding.value ?? median(samples)
  if (samples.length > 0 && Number.isFinite(value)) {
    return { id, figure, value: rounded(value), floorToPass, goal, samples }
  }
  const reason = finding.reason ?? 'no figure came out'
  return { id, figure, value: null, floorToPass, goal, samples, reason }
}

export function outcomeOf({ better }: Target, { value, floorToPass, goal }: BenchEntry): Outcome {
  if (value === null) return 'not measured'
  const reaches = (bound: number) => (better === 'atLeast' ? value >= bound : value <= bound)
  if (reaches(goal)) return 'goal'
  return reaches(floorToPass) ? 'pass' : 'miss'
}

/** Four significant digits: more would only pretend. */
function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
