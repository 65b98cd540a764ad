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
  const standing = asked ? combined(evidence, plan.margin ?? 0, 1) : { logHarm: null, logSafe: null }
  const judged = { ...standing, pairs }
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
    forecast: asked ? forecastOf(question, evidence, pairs) : null,
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

function combined(deciding: readonly PropertyEvidence[], margin: number, factor: number) {
  const known = new Map<PropertyEvidence, readonly [logHarm: number, logSafe: number]>()
  const harms: number[] = []
  let least = Number.POSITIVE_INFINITY
  for (const evidence of deciding) {
    const [logHarm, logSafe] = known.get(evidence) ?? [
      evidence.logHarm(margin, factor),
      evidence.logSafe(margin, factor),
    ]
    known.set(evidence, [logHarm, logSafe])
    harms.push(logHarm)
    least = Math.min(least, logSafe)
  }
  return { logHarm: logMeanExp(harms), logSafe: least }
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

function forecastOf(question: GateQuestion, deciding: readonly PropertyEvidence[], pairs: number): Forecast {
  const at = (factor: number) => combined(deciding, question.plan.margin ?? 0, factor)
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
