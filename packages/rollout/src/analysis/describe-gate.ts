import { edgeOf } from '../evidence/latency-edges.ts'
import { formatCount, formatPairs, formatPercent, formatPoints } from '../text/format.ts'
import type { GateAssessment, PropertyAssessment } from './analysis.ts'
import type { GateName } from './analysis-plan.ts'

const WORDS = {
  errors: 'errors',
  latency: 'latency',
  slowRuns: 'slow runs',
  disagreement: 'disagreement',
  quality: 'quality',
} as const satisfies Record<GateName, string>

/** A gate in a sentence; with its source where it is not live traffic. */
export function describeGate({ gate, source }: GateAssessment): string {
  return source === 'live' ? WORDS[gate] : `${WORDS[gate]} in ${source}`
}

/** The bound of a gate in plain words: `at most 0.08 pp more errors`. */
export function describeBound(gate: GateAssessment): string {
  const { worst } = gate
  const bound = worst?.bound ?? null
  if (worst === null || bound === null || gate.pairs === 0) return 'no bound yet'
  const more = bound === 0 ? 'no more' : `at most ${formatPoints(bound)} more`
  switch (gate.gate) {
    case 'errors':
      return `${more} errors`
    case 'latency':
      return `${more} runs above ${formatEdge(worst.property)}`
    case 'slowRuns':
      return `at most ${formatPercent(bound)} of runs are too slow`
    case 'disagreement':
      return `at most ${formatPercent(bound)} of answers differ`
    case 'quality':
      return `${more} loss`
  }
}

/** How many more runs above an edge the candidate has: `2.1x more runs above 40 ms`. */
export function describeSlowdown({ property, ratio }: PropertyAssessment): string {
  const more = ratio === null ? 'only its runs are' : `${ratio.toFixed(1)}x more runs`
  return `${more} above ${formatEdge(property)}`
}

/** What a gate that failed has seen, as the rest of a sentence that begins with the candidate. */
export function describeFailedGate(gate: GateAssessment, candidate: string, baseline: string): string {
  const worst = mostHarmful(gate)
  if (worst === null || gate.margin === null) return `is worse than ${baseline}.`
  const { nPlus, nMinus } = worst.counters
  const pairs = formatPairs(worst.pairs)
  const alone = (what: string) =>
    `(only ${candidate} ${what}: ${formatCount(nPlus)}, only ${baseline}: ${formatCount(nMinus)}, of ${pairs})`
  const margin = `beyond the margin of ${formatPoints(gate.margin)}`
  const budget = `beyond the budget of ${formatPercent(gate.margin)}`
  switch (gate.gate) {
    case 'errors':
      return `fails more often than ${baseline}, ${margin} ${alone('failed')}.`
    case 'latency':
      return `is slower than ${baseline}: ${describeSlowdown(worst)}, ${margin} ${alone('above')}.`
    case 'slowRuns':
      return `takes too long in ${formatCount(nPlus)} of ${formatCount(worst.pairs)} runs, ${budget}.`
    case 'disagreement':
      return `disagrees with ${baseline} on \`${worst.property}\` in ${formatCount(nPlus)} of ${pairs}, ${budget}.`
    case 'quality':
      return `is farther from the reported outcomes than ${baseline}, ${margin} (worse: ${formatCount(nPlus)}, better: ${formatCount(nMinus)}, of ${pairs}).`
  }
}

function mostHarmful({ properties }: GateAssessment): PropertyAssessment | null {
  const harm = ({ logHarm }: PropertyAssessment) => logHarm ?? Number.NEGATIVE_INFINITY
  return properties
    .filter((property) => property.decides)
    .reduce<PropertyAssessment | null>(
      (most, one) => (most === null || harm(one) > harm(most) ? one : most),
      null,
    )
}

function formatEdge(property: string): string {
  const edgeMs = edgeOf(property)
  return edgeMs >= 1_000 ? `${Number((edgeMs / 1_000).toPrecision(3))} s` : `${edgeMs} ms`
}
