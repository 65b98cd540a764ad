import { addCounters, type PropertyCounters, pairsOf, scaleCounters } from '../evidence/counters.ts'
import { type Forecast, forecastAt, LEAST_PAIRS_FOR_TREND } from '../evidence/forecast.ts'
import { leastMargin } from '../evidence/least-margin.ts'
import { logE, logMeanExp } from '../evidence/log-e.ts'
import type { Thresholds } from '../evidence/thresholds.ts'
import type { GateAssessment, GateVerdict, PropertyAssessment } from './analysis.ts'
import { decides, type GatePlan } from './analysis-plan.ts'

/** One gate in one source, with what was counted there. */
export interface GateQuestion {
  readonly plan: GatePlan
  readonly source: string
  readonly steps: readonly string[]
  readonly minPairs: number
  readonly counters: readonly PropertyCounters[]
  readonly thresholds: Thresholds
}

/**
 * Judges one gate. Harm is the mean over steps and properties, safety sums over steps and takes the worst property:
 * a mean of e-values is an e-value, but averaged safety would pass a candidate that is bad in one property only.
 */
export function assessGate(question: GateQuestion): GateAssessment {
  const { plan, source, thresholds } = question
  const properties = plan.properties.map((property) =>
    assessProperty(question, property.property, property.decides),
  )
  const deciding = properties.filter((property) => property.decides)
  const asked = decides(plan)
  const shown = asked ? deciding : properties
  const pairs = shown.length === 0 ? 0 : Math.min(...shown.map((property) => property.pairs))
  const standing = asked ? combined(question, deciding, 1) : { logHarm: null, logSafe: null }
  const judged = { ...standing, pairs }
  return {
    gate: plan.gate,
    source,
    decides: asked,
    margin: plan.margin,
    verdict: verdictOf(question, judged),
    ...judged,
    thresholds,
    forecast: asked ? forecastOf(question, deciding, pairs) : null,
    worst: worstOf(shown),
    properties,
  }
}

function assessProperty(question: GateQuestion, property: string, deciding: boolean): PropertyAssessment {
  const counters = addCounters(countersOf(question, property))
  const pairs = pairsOf(counters)
  const bound = leastMargin(counters, question.thresholds.logSafe)
  if (question.plan.margin === null) {
    return { property, decides: deciding, counters, pairs, logHarm: null, logSafe: null, bound }
  }
  return {
    property,
    decides: deciding,
    counters,
    pairs,
    logHarm: harmOf(question, property, 1),
    logSafe: safetyOf(question, property, 1),
    bound,
  }
}

function countersOf({ plan, source, counters }: GateQuestion, property: string, step?: string) {
  return counters.filter(
    (row) =>
      row.gate === plan.gate &&
      row.property === property &&
      row.source === source &&
      (step === undefined || row.step === step),
  )
}

function harmOf(question: GateQuestion, property: string, factor: number): number {
  return logMeanExp(
    question.steps.map((step) => {
      const counters = addCounters(countersOf(question, property, step))
      return logE(scaleCounters(counters, factor), question.plan.margin ?? 0, 'harm')
    }),
  )
}

function safetyOf(question: GateQuestion, property: string, factor: number): number {
  const counters = addCounters(countersOf(question, property))
  return logE(scaleCounters(counters, factor), question.plan.margin ?? 0, 'safe')
}

function combined(question: GateQuestion, deciding: readonly PropertyAssessment[], factor: number) {
  return {
    logHarm: logMeanExp(deciding.map(({ property }) => harmOf(question, property, factor))),
    logSafe: Math.min(...deciding.map(({ property }) => safetyOf(question, property, factor))),
  }
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
  question: GateQuestion,
  deciding: readonly PropertyAssessment[],
  pairs: number,
): Forecast {
  const at = (factor: number) => combined(question, deciding, factor)
  const now = at(1)
  const towardFail = now.logHarm > now.logSafe
  const forecast = towardFail
    ? forecastAt(pairs, question.thresholds.logHarm, (factor) => at(factor).logHarm)
    : forecastAt(pairs, question.thresholds.logSafe, (factor) => at(factor).logSafe)
  if (forecast.kind !== 'pairs' || towardFail) return forecast
  return { kind: 'pairs', pairs: Math.max(forecast.pairs, question.minPairs) }
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
