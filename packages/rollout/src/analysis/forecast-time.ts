import type { Analysis, GateAssessment } from './analysis.ts'

/**
 * Milliseconds until every gate that must be cleared has decided, or the first that goes toward fail has failed, if pairs go on coming at
 * this rate; null when a gate does not say yet, or does not decide at its present shares.
 *
 * @param pairsPerSecond runs that are compared per second: units of the gate `errors`, of which the others get the part that they got so far.
 */
export function timeToDecision(analysis: Analysis, pairsPerSecond: number): number | null {
  if (!(pairsPerSecond > 0) || analysis.outcome !== 'collecting') return null
  const open = analysis.gates.filter((gate) => gate.decides && gate.verdict !== 'pass')
  const failing = open.filter((gate) => gate.verdict === 'towardFail')
  const times = (gates: readonly GateAssessment[]) =>
    gates.map((gate) => timeOf(gate, pairsPerSecond * partOf(analysis, gate)))
  const known = times(failing).filter((time) => time !== null)
  if (known.length > 0) return Math.min(...known)
  const waits = times(open.filter((gate) => gate.required))
  const rest = Math.max(0, analysis.minDurationMs - analysis.elapsedMs)
  return waits.includes(null) ? null : Math.max(rest, ...waits.map((time) => time ?? 0))
}

function timeOf({ forecast, pairs }: GateAssessment, rate: number): number | null {
  if (forecast?.kind !== 'pairs' || rate === 0) return null
  return Math.ceil((1_000 * Math.max(0, forecast.pairs - pairs)) / rate)
}

/** Units of a gate per unit of `errors` in the same source. */
function partOf(analysis: Analysis, { gate, source, pairs }: GateAssessment): number {
  const errors = analysis.gates.find((one) => one.gate === 'errors' && one.source === source)
  return gate === 'errors' || !errors || errors.pairs === 0 ? 1 : pairs / errors.pairs
}
