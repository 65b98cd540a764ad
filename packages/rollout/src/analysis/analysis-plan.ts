import type { OutputComparison, RolloutPolicy } from '@understudy/core'

/** The questions an analysis can ask. */
export const GATES = ['errors', 'disagreement'] as const
export type GateName = (typeof GATES)[number]

/** Where pairs come from, in the words of the counters. */
export const SOURCES = ['live'] as const
export type Source = (typeof SOURCES)[number]

/** The property that the gate `errors` counts; `disagreement` counts one property per output, named as the output. */
export const FAILED_PROPERTY = 'failed'

/** One gate of a policy. Without a margin it is shown and does not decide. */
export interface GatePlan {
  readonly gate: GateName
  readonly margin: number | null
  readonly properties: readonly { readonly property: string; readonly decides: boolean }[]
}

/** Everything a verdict depends on besides what was counted; fixed when the series begins. */
export interface AnalysisPlan {
  readonly gates: readonly GatePlan[]
  /** The sources of which each must clear every gate by itself. */
  readonly sources: readonly string[]
  /** The steps in which evidence is collected, in order. */
  readonly steps: readonly string[]
  readonly minPairs: number
  readonly minDurationMs: number
  readonly maxDurationMs: number
  /** 1 for the first attempt on a series; later ones are judged more strictly. */
  readonly attempt: number
}

/** Reads the plan of an analysis out of a policy. */
export function planAnalysis(
  policy: RolloutPolicy,
  comparisons: Readonly<Record<string, OutputComparison>>,
  attempt: number,
): AnalysisPlan {
  const budget = policy.gates.disagreement?.budget ?? null
  return {
    gates: [
      {
        gate: 'errors',
        margin: policy.gates.errors.margin,
        properties: [{ property: FAILED_PROPERTY, decides: true }],
      },
      {
        gate: 'disagreement',
        margin: budget,
        properties: Object.entries(comparisons).map(([property, { gate }]) => ({
          property,
          decides: gate && budget !== null,
        })),
      },
    ],
    sources: SOURCES,
    steps: ['shadow'],
    minPairs: policy.shadow.minPairs,
    minDurationMs: policy.shadow.minDuration,
    maxDurationMs: policy.shadow.maxDuration,
    attempt,
  }
}

/** Whether a gate can fail a candidate and must be cleared to pass it. */
export function decides(gate: GatePlan): boolean {
  return gate.margin !== null && gate.properties.some((property) => property.decides)
}
