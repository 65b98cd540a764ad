import type { ModelRecord, RolloutRecord } from '@understudy/db'
import {
  type Analysis,
  assessCalibration,
  describeAnalysis,
  describeBound,
  type FlipAssessment,
  type GateAssessment,
  timeToDecision,
} from '@understudy/rollout'
import type { AnalysisView, CalibrationView, FlipsView, GateView } from '../../views/index.ts'
import { pairsPerSecond } from './pair-rate.ts'

/** An analysis as pages and the command line show it. */
export function analysisView(record: ModelRecord, rollout: RolloutRecord, analysis: Analysis): AnalysisView {
  const losses = rollout.evidence?.losses ?? []
  const rate = rollout.endedAt === null ? pairsPerSecond(rollout.evidence?.minutes ?? [], record.readAt) : 0
  const leftMs = timeToDecision(analysis, rate)
  const { minutes, meanShare, busyShare } = analysis.coverage
  return {
    outcome: analysis.outcome,
    summary: describeAnalysis(analysis, {
      model: record.name,
      candidate: rollout.number,
      baseline: rollout.baselineNumber,
    }),
    pairs: analysis.pairs,
    minPairs: analysis.minPairs,
    admitted: losses.reduce((sum, loss) => sum + loss.admitted, 0),
    lost: losses.reduce((sum, loss) => sum + loss.lost, 0),
    attempt: rollout.evidence?.attempt ?? 1,
    gates: analysis.gates.map(gateView),
    secondsToDecision: leftMs === null ? null : Math.ceil(leftMs / 1_000),
    steps: analysis.steps,
    segments: analysis.segments.map(({ counters, ...segment }) => ({
      ...segment,
      nPlus: counters.nPlus,
      nMinus: counters.nMinus,
    })),
    flips: analysis.flips.map(flipsView),
    calibration: calibrationView(analysis),
    coverage: minutes === 0 ? null : { meanShare, busyShare },
    updatedAt: rollout.evidence?.updatedAt?.toISOString() ?? null,
  }
}

function gateView(gate: GateAssessment): GateView {
  const counters = gate.worst?.counters ?? { nPlus: 0, nZero: 0, nMinus: 0 }
  return {
    gate: gate.gate,
    source: sourceOf(gate),
    property: gate.worst?.property ?? '',
    verdict: gate.verdict,
    decides: gate.decides,
    required: gate.required,
    margin: gate.margin ?? 0,
    ...counters,
    logHarm: gate.logHarm ?? 0,
    logSafe: gate.logSafe ?? 0,
    logFailAt: gate.thresholds.logHarm,
    logPassAt: gate.thresholds.logSafe,
    bound: gate.worst?.bound ?? null,
    boundText: describeBound(gate),
    pairsToPass: gate.forecast?.kind === 'pairs' ? Math.max(0, gate.forecast.pairs - gate.pairs) : null,
  }
}

function sourceOf({ source }: { readonly source: string }): GateView['source'] {
  return source === 'replay' ? 'replay' : 'live'
}

function flipsView(flips: FlipAssessment): FlipsView {
  const { nPlus, nMinus, nZero } = flips.counters
  return {
    output: flips.output,
    threshold: flips.threshold ?? null,
    source: sourceOf(flips),
    up: nPlus,
    down: nMinus,
    neither: nZero,
    logDiffers: flips.logDiffers,
  }
}

function calibrationView({ counted, gates }: Analysis): CalibrationView | null {
  if (!gates.some(({ gate }) => gate === 'latency')) return null
  return assessCalibration(counted.counters)
}
