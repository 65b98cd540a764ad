import {
  addCounters,
  type Counters,
  type PropertyCounters,
  pairsOf,
  scaleCounters,
} from '../evidence/counters.ts'
import { addEdges } from '../evidence/edge-counters.ts'
import {
  addHistograms,
  countersOfHistogram,
  type Histogram,
  logEOfHistogram,
  type PropertyHistogram,
  scaleHistogram,
} from '../evidence/histogram.ts'
import { leastMargin, leastMarginOfHistogram } from '../evidence/least-margin.ts'
import { logE, logMeanExp, type Side } from '../evidence/log-e.ts'
import { RUN_TIMES_GATE } from '../pairs/latency-ledger.ts'
import type { GatePlan } from './analysis-plan.ts'

/** What was counted of one property in one source, as the tests see it. */
export interface PropertyEvidence {
  /** Summed over steps. */
  readonly counters: Counters
  /** {@link PropertyAssessment.ratio} */
  readonly ratio: number | null
  /** Mean over the steps, if all counts were `factor` times as high. */
  logHarm(margin: number, factor: number): number
  /** Of the sum over the steps, if all counts were `factor` times as high. */
  logSafe(margin: number, factor: number): number
  /** The least margin that the sum clears; null when none. */
  leastMargin(logThreshold: number): number | null
}

/** Where evidence is looked for. */
export interface EvidencePlace {
  readonly source: string
  readonly steps: readonly string[]
  readonly counters: readonly PropertyCounters[]
  readonly histograms: readonly PropertyHistogram[]
}

/**
 * The evidence of each property of a gate, in the order of its plan. Edges on which no pair ever disagreed share one object, so that what
 * is computed of it is computed once.
 */
export function evidenceOf(gate: GatePlan, place: EvidencePlace): readonly PropertyEvidence[] {
  switch (gate.gate) {
    case 'errors':
    case 'slowRuns':
    case 'disagreement':
      return evidenceOfCounters(gate, place)
    case 'latency':
      return evidenceOfEdges(place)
    case 'quality':
      return evidenceOfHistograms(gate, place)
  }
}

function evidenceOfCounters(gate: GatePlan, { source, steps, counters }: EvidencePlace) {
  const rows = counters.filter((row) => row.gate === gate.gate && row.source === source)
  return gate.properties.map(({ property }) => {
    const own = rows.filter((row) => row.property === property)
    return fromCounters(
      steps.map((step) => addCounters(own.filter((row) => row.step === step))),
      null,
    )
  })
}

function evidenceOfEdges({ source, steps, counters }: EvidencePlace): readonly PropertyEvidence[] {
  const rows = counters.filter((row) => row.gate === 'latency' && row.source === source)
  const bySteps = steps.map((step) => addEdges(rows.filter((row) => row.step === step)))
  const levels = counters.filter((row) => row.gate === RUN_TIMES_GATE && row.source === source)
  let quiet: PropertyEvidence | undefined
  return (bySteps[0] ?? []).map(({ property }, index) => {
    const edge = bySteps.map((edges) => edges[index]?.counters ?? addCounters([]))
    if (edge.every(({ nPlus, nMinus }) => nPlus + nMinus === 0)) {
      quiet ??= fromCounters(edge, 1)
      return quiet
    }
    const { nPlus, nMinus } = addCounters(levels.filter((row) => row.property === property))
    return fromCounters(edge, nMinus === 0 ? null : nPlus / nMinus)
  })
}

function evidenceOfHistograms(gate: GatePlan, { source, steps, histograms }: EvidencePlace) {
  const rows = histograms.filter((row) => row.gate === gate.gate && row.source === source)
  return gate.properties.map(({ property }) => {
    const own = rows.filter((row) => row.property === property)
    return fromHistograms(
      steps.map((step) => addHistograms(own.filter((row) => row.step === step).map(({ bins }) => bins))),
    )
  })
}

function fromCounters(bySteps: readonly Counters[], ratio: number | null): PropertyEvidence {
  const sum = addCounters(bySteps)
  const at = (counters: Counters, factor: number, margin: number, side: Side) =>
    logE(scaleCounters(counters, factor), margin, side)
  return {
    counters: sum,
    ratio,
    logHarm: (margin, factor) => logMeanExp(bySteps.map((counters) => at(counters, factor, margin, 'harm'))),
    logSafe: (margin, factor) => at(sum, factor, margin, 'safe'),
    leastMargin: (logThreshold) => leastMargin(sum, logThreshold),
  }
}

function fromHistograms(bySteps: readonly Histogram[]): PropertyEvidence {
  const sum = addHistograms(bySteps)
  return {
    counters: countersOfHistogram(sum),
    ratio: null,
    logHarm: (margin, factor) =>
      logMeanExp(bySteps.map((bins) => logEOfHistogram(scaleHistogram(bins, factor), margin, 'harm'))),
    logSafe: (margin, factor) => logEOfHistogram(scaleHistogram(sum, factor), margin, 'safe'),
    leastMargin: (logThreshold) => leastMarginOfHistogram(sum, logThreshold),
  }
}

/** Whether a pair ever disagreed. */
export function isDiscordant({ counters }: PropertyEvidence): boolean {
  return pairsOf(counters) > counters.nZero
}
