import { pairsOf } from '../evidence/counters.ts'
import { type Forecast, forecastAt, LEAST_PAIRS_FOR_TREND } from '../evidence/forecast.ts'
import { logMeanExp } from '../evidence/log-e.ts'
import type { Thresholds } from '../evidence/thresholds.ts'
import type { GateAssessment, GateVerdict, PropertyAssessment } from './analysis.ts'
import { decides, type GatePlan } from './analysis-plan.ts'
import { type EvidencePlace, evidenceOf, isDiscordant, type PropertyEvidence } from './property-evidence.ts'

/** One gate in one source, with what was counted there. */
export interface GateQuestion extends EvidencePlace {
  readonly plan: GatePlan
  /** Whether this source must clear the gate; else it can only fail it. */
  readonly required: boolean
  readonly minPairs: number
  readonly thresholds: Thresholds
}

interface Answer {
  readonly evidence: PropertyEvidence
  readonly assessment: PropertyAssessment
}

/**
 * Judges one gate. Harm is the mean over steps and properties, safety sums over steps and takes the worst property:
 * a mean of e-values is an e-value, but averaged safety would pass a candidate that is bad in one property only.
 */
export function assessGate(question: GateQuestion): GateAssessment {
  const { plan, source, required, thresholds } = question
  const answers = assessProperties(question)
  const deciding = answers.filter(({ assessment }) => assessment.decides)
  const asked = decides(plan)
  const shown = asked ? deciding : answers
  const pairs = shown.length === 0 ? 0 : Math.min(...shown.map(({ assessment }) => assessment.pairs))
  const evidence = deciding.map((answer) => answer.evidence)
  const judged: Judged = {
    pairs,
    logHarm: asked ? harmOf(evidence, plan.margin ?? 0, 1) : null,
    logSafe: asked ? safetyOf(evidence, plan.margin ?? 0, 1) : null,
  }
  const worst = worstOf(shown.map(({ assessment }) => assessment))
  return {
    gate: plan.gate,
    source,
    decides: asked,
    required: asked && required,
    margin: plan.margin,
    verdict: verdictOf(question, judged),
    ...judged,
    thresholds,
    forecast: asked ? forecastOf(question, evidence, judged) : null,
    worst,
    properties: answers
      .filter(
        (answer) => plan.gate !== 'latency' || answer.assessment === worst || isDiscordant(answer.evidence),
      )
      .map(({ assessment }) => assessment),
  }
}

function assessProperties(question: GateQuestion): readonly Answer[] {
  const { plan, thresholds } = question
  const known = new Map<PropertyEvidence, Omit<PropertyAssessment, 'property' | 'decides'>>()
  return evidenceOf(plan, question).map((evidence, index) => {
    const said = known.get(evidence) ?? {
      counters: evidence.counters,
      pairs: pairsOf(evidence.counters),
      logHarm: plan.margin === null ? null : evidence.logHarm(plan.margin, 1),
      logSafe: plan.margin === null ? null : evidence.logSafe(plan.margin, 1),
      bound: evidence.leastMargin(thresholds.logSafe),
      ratio: evidence.ratio,
    }
    known.set(evidence, said)
    const { property = '', decides: deciding = false } = plan.properties[index] ?? {}
    return { evidence, assessment: { property, decides: deciding, ...said } }
  })
}

/** Mean of the properties' harm, if all counts were `factor` times as high. */
function harmOf(deciding: readonly PropertyEvidence[], margin: number, factor: number): number {
  return logMeanExp(eachOnce(deciding, (evidence) => evidence.logHarm(margin, factor)))
}

/** Minimum of the properties' safety, if all counts were `factor` times as high. */
function safetyOf(deciding: readonly PropertyEvidence[], margin: number, factor: number): number {
  return Math.min(...eachOnce(deciding, (evidence) => evidence.logSafe(margin, factor)))
}

/** The value of each, computed once for evidence that several properties share. */
function eachOnce(
  deciding: readonly PropertyEvidence[],
  compute: (evidence: PropertyEvidence) => number,
): readonly number[] {
  const known = new Map<PropertyEvidence, number>()
  return deciding.map((evidence) => {
    const value = known.get(evidence) ?? compute(evidence)
    known.set(evidence, value)
    return value
  })
}

interface Judged {
  readonly pairs: number
  readonly logHarm: number | null
  readonly logSafe: number | null
}

function verdictOf({ thresholds, minPairs }: GateQuestion, { pairs, logHarm, logSafe }: Judged): GateVerdict {
  if (logHarm !== null && logSafe !== null) {
    if (logHarm >= thresholds.logHarm) return 'fail'
    if (pairs === 0) return 'noPairs'
    if (logSafe >= thresholds.logSafe && pairs >= minPairs) return 'pass'
    if (pairs >= LEAST_PAIRS_FOR_TREND && logHarm > Math.max(0, logSafe)) return 'towardFail'
  }
  return pairs === 0 ? 'noPairs' : 'collecting'
}

function forecastOf(
  { plan, thresholds, minPairs }: GateQuestion,
  deciding: readonly PropertyEvidence[],
  { pairs, logHarm, logSafe }: Judged,
): Forecast {
  const margin = plan.margin ?? 0
  if (logHarm !== null && logSafe !== null && logHarm > logSafe) {
    return forecastAt(pairs, thresholds.logHarm, (factor) => harmOf(deciding, margin, factor))
  }
  const forecast = forecastAt(pairs, thresholds.logSafe, (factor) => safetyOf(deciding, margin, factor))
  return forecast.kind === 'pairs' ? { kind: 'pairs', pairs: Math.max(forecast.pairs, minPairs) } : forecast
}

function worstOf(properties: readonly PropertyAssessment[]): PropertyAssessment | null {
  const standing = ({ logSafe, counters, pairs }: PropertyAssessment) =>
    logSafe ?? (counters.nMinus - counters.nPlus) / Math.max(1, pairs)
  let worst: PropertyAssessment | null = null
  for (const property of properties) {
    if (worst === null || standing(property) < standing(worst)) worst = property
  }
  return worst
}
