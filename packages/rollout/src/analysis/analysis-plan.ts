import type { OutputComparison, RolloutPolicy } from '@understudy/core'
import { LATENCY_EDGES_MS, latencyProperty } from '../evidence/latency-edges.ts'

/** The questions an analysis can ask. */
export const GATES = ['errors', 'latency', 'slowRuns', 'disagreement', 'quality'] as const
export type GateName = (typeof GATES)[number]

/** Where pairs come from, in the words of the counters. */
export const SOURCES = ['live', 'replay'] as const
export type Source = (typeof SOURCES)[number]

/**
 * The property that the gate `errors` counts: requests that only one version failed. `disagreement` counts one property per output, by its
 * name, and `latency` one per edge.
 */
export const FAILED_PROPERTY = 'failed'
/** The property that the gate `slowRuns` counts: runs of the candidate longer than `overMs`. */
export const OVER_PROPERTY = 'over'
/** The property of the gate `quality`, whose evidence is a histogram: the difference of the losses. */
export const LOSS_PROPERTY = 'loss'

/** What one gate counts. */
export interface PropertyPlan {
  readonly property: string
  readonly decides: boolean
  /** Of an output whose rows are compared by the side of it that they are on. */
  readonly threshold?: number
}

/** One gate of a policy. Without a margin it is shown and does not decide. */
export interface GatePlan {
  readonly gate: GateName
  readonly margin: number | null
  readonly properties: readonly PropertyPlan[]
}

/** Everything a verdict depends on besides what was counted; fixed when the series begins. Plain data. */
export interface AnalysisPlan {
  readonly gates: readonly GatePlan[]
  /** The sources of which each must clear every gate by itself. */
  readonly sources: readonly string[]
  /** Further sources in which a gate can only fail: `live`, where the candidate answers clients and live is not among `sources`. */
  readonly watched: readonly string[]
  /** The steps in which evidence is collected, in order: `shadow`, `canary-<percent>` per weight, `bake`. */
  readonly steps: readonly string[]
  readonly minPairs: number
  readonly minDurationMs: number
  readonly maxDurationMs: number
  /** 1 for the first attempt on a series; later ones are judged more strictly. */
  readonly attempt: number
}

/** The step of a canary weight, in the words of the counters. */
export function canaryStep(percent: number): string {
  return `canary-${percent}`
}

/**
 * Reads the plan of an analysis out of a policy. A gate that the policy does not name is absent; disagreement without a budget is shown only,
 * and so it is where a quality gate decides in its place.
 */
export function planAnalysis(
  policy: RolloutPolicy,
  comparisons: Readonly<Record<string, OutputComparison>>,
  attempt: number,
): AnalysisPlan {
  const canaries = policy.canary.map(canaryStep)
  const bake = policy.bake > 0 ? ['bake'] : []
  const answers = canaries.length + bake.length > 0
  const sources = SOURCES.filter((source) => policy.shadow.require.includes(source))
  return {
    gates: [
      ...runGates(policy.gates),
      disagreementGate(policy.gates, comparisons),
      ...qualityGate(policy.gates),
    ],
    sources,
    watched: answers && !sources.includes('live') ? ['live'] : [],
    steps: ['shadow', ...canaries, ...bake],
    minPairs: policy.shadow.minPairs,
    minDurationMs: policy.shadow.minDuration,
    maxDurationMs: policy.shadow.maxDuration,
    attempt,
  }
}

type Gates = RolloutPolicy['gates']

function runGates({ errors, latency }: Gates): readonly GatePlan[] {
  const gates: GatePlan[] = [
    { gate: 'errors', margin: errors.margin, properties: [{ property: FAILED_PROPERTY, decides: true }] },
  ]
  if (latency === undefined) return gates
  gates.push({
    gate: 'latency',
    margin: latency.margin,
    properties: LATENCY_EDGES_MS.map((edgeMs) => ({ property: latencyProperty(edgeMs), decides: true })),
  })
  if (latency.overMs !== undefined) {
    gates.push({
      gate: 'slowRuns',
      margin: latency.overMargin,
      properties: [{ property: OVER_PROPERTY, decides: true }],
    })
  }
  return gates
}

function disagreementGate(
  { disagreement, quality }: Gates,
  comparisons: Readonly<Record<string, OutputComparison>>,
): GatePlan {
  const budget = disagreement?.budget ?? null
  // A better model disagrees where the old one was wrong: where outcomes decide, disagreement does not.
  const decides = budget !== null && (quality === undefined || quality.optional)
  return {
    gate: 'disagreement',
    margin: budget,
    properties: Object.entries(comparisons).map(([property, { gate, compare }]) => ({
      property,
      decides: gate && decides,
      ...(compare.kind === 'threshold' ? { threshold: compare.at } : {}),
    })),
  }
}

function qualityGate({ quality }: Gates): readonly GatePlan[] {
  if (quality === undefined) return []
  const properties = [{ property: LOSS_PROPERTY, decides: !quality.optional }]
  return [{ gate: 'quality', margin: quality.margin, properties }]
}

/** Every source in which a gate can fail. Each is one more question, and all of them share the false alarms. */
export function allSources({ sources, watched }: AnalysisPlan): readonly string[] {
  return [...sources, ...watched]
}

/** Whether a gate can fail a candidate and must be cleared to pass it. */
export function decides(gate: GatePlan): boolean {
  return gate.margin !== null && gate.properties.some((property) => property.decides)
}
