import {
  analysisOf,
  deciderRollout,
  type ModelRecord,
  type RolloutRecord,
  type StepRecord,
  standingOf,
  versionOf,
} from '@understudy/db'
import {
  type Analysis,
  decideCommand,
  describeAnalysis,
  formatDuration,
  type GateAssessment,
} from '@understudy/rollout'
import { traceIdOf } from '@understudy/telemetry'
import type {
  AnalysisView,
  CommitView,
  GateView,
  PairExampleView,
  RolloutView,
  StepView,
} from '../../views/index.ts'

function gateView(gate: GateAssessment): GateView {
  const counters = gate.worst?.counters ?? { nPlus: 0, nZero: 0, nMinus: 0 }
  const forecast = gate.forecast?.kind === 'pairs' ? Math.max(0, gate.forecast.pairs - gate.pairs) : null
  return {
    gate: gate.gate,
    property: gate.worst?.property ?? '',
    verdict: gate.verdict,
    decides: gate.decides,
    margin: gate.margin ?? 0,
    ...counters,
    logHarm: gate.logHarm ?? 0,
    logSafe: gate.logSafe ?? 0,
    logFailAt: gate.thresholds.logHarm,
    logPassAt: gate.thresholds.logSafe,
    bound: gate.worst?.bound ?? null,
    pairsToPass: forecast,
  }
}

export function analysisView(record: ModelRecord, rollout: RolloutRecord, analysis: Analysis): AnalysisView {
  const losses = rollout.evidence?.losses ?? []
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
    gates: analysis.gates.map(gateView),
    updatedAt: rollout.evidence?.updatedAt?.toISOString() ?? null,
  }
}

export function commitView(record: ModelRecord, number: number): CommitView {
  const version = versionOf(record, number)
  return {
    hash: version?.commit ?? '',
    subject: version?.commitSubject ?? '',
    authorName: version?.authorName ?? '',
    at: (version?.committedAt ?? record.readAt).toISOString(),
  }
}

const OPEN: ReadonlySet<string> = new Set(['progressing', 'paused'])

const RAIL = ['validate', 'load', 'shadow', 'approval', 'promote'] as const
const RAIL_STEP = { load: 'preparing', shadow: 'shadow', approval: 'approval', promote: 'promoting' } as const

/** The steps that a rollout of this kind goes through. */
function railOf(record: ModelRecord, rollout: RolloutRecord): readonly (typeof RAIL)[number][] {
  if (rollout.kind !== 'evidence') return RAIL.filter((step) => step !== 'shadow' && step !== 'approval')
  const approves =
    record.config.rollout.approval.required > 0 || rollout.steps.some((step) => step.step === 'approval')
  return approves ? RAIL : RAIL.filter((step) => step !== 'approval')
}

/** How long something took; a moment is not "0 s". */
function shownDuration(ms: number): string {
  return ms < 1_000 ? '< 1 s' : formatDuration(ms)
}

function took(step: StepRecord): string {
  if (step.endedAt === null) return ''
  return shownDuration(new Date(step.endedAt).getTime() - new Date(step.startedAt).getTime())
}

const WAITS = {
  approval: 'waits for you',
  held: 'held by an operator',
  inconclusive: 'inconclusive',
  noData: 'no data',
  nodesLagging: 'nodes lag behind',
} as const

function noteOfNow(rollout: RolloutRecord, analysis: Analysis | null): string {
  if (rollout.state === 'paused' && rollout.pauseReason) return WAITS[rollout.pauseReason]
  if (rollout.step === 'shadow' && analysis) return `${analysis.pairs} of ${analysis.minPairs} pairs`
  return 'in progress'
}

type RolloutRailStep = keyof typeof RAIL_STEP

function validateStep(record: ModelRecord, rollout: RolloutRecord): StepView {
  const version = versionOf(record, rollout.number)
  const ms = version?.validatedAt ? version.validatedAt.getTime() - version.discoveredAt.getTime() : null
  return { step: 'validate', state: 'done', note: ms === null ? '' : shownDuration(ms) }
}

function rolloutStep(rollout: RolloutRecord, analysis: Analysis | null, step: RolloutRailStep): StepView {
  const entry = rollout.steps.findLast((candidate) => candidate.step === RAIL_STEP[step])
  const isLast = rollout.step === RAIL_STEP[step]
  if (isLast && rollout.state === 'failed') return { step, state: 'failed', note: rollout.reason ?? 'failed' }
  if (isLast && rollout.state === 'aborted')
    return { step, state: 'skipped', note: rollout.reason ?? 'aborted' }
  if (isLast && OPEN.has(rollout.state)) return { step, state: 'now', note: noteOfNow(rollout, analysis) }
  if (entry) return { step, state: 'done', note: took(entry) }
  return { step, state: OPEN.has(rollout.state) ? 'ahead' : 'skipped', note: '' }
}

export function stepViews(
  record: ModelRecord,
  rollout: RolloutRecord,
  analysis: Analysis | null,
): readonly StepView[] {
  return railOf(record, rollout).map((step) =>
    step === 'validate' ? validateStep(record, rollout) : rolloutStep(rollout, analysis, step),
  )
}

function mayView(record: ModelRecord, rollout: RolloutRecord): RolloutView['may'] {
  const situation = {
    rollout: deciderRollout(record, rollout),
    candidateStanding: standingOf(record, rollout.digest),
  }
  const judge = (type: 'approve' | 'reject' | 'retry') => {
    const decision = decideCommand({ type, reason: 'a reason', seen: null }, situation)
    if (decision.type === 'accepted') return { allowed: true, because: '' }
    return { allowed: false, because: decision.message }
  }
  return { approve: judge('approve'), reject: judge('reject'), retry: judge('retry') }
}

export function rolloutView(
  record: ModelRecord,
  rollout: RolloutRecord,
  examples: readonly PairExampleView[] = [],
): RolloutView {
  const analysis = analysisOf(record, rollout)
  const { number, digest, baselineNumber, baselineDigest } = rollout
  return {
    id: rollout.id,
    model: record.name,
    kind: rollout.kind,
    candidate: { number, digest },
    baseline:
      baselineNumber === null || baselineDigest === null
        ? null
        : { number: baselineNumber, digest: baselineDigest },
    state: rollout.state,
    step: rollout.step,
    pauseReason: rollout.pauseReason,
    reason: OPEN.has(rollout.state) ? null : (rollout.summary ?? rollout.reason),
    verdict: rollout.verdict,
    startedAt: rollout.startedAt.toISOString(),
    endedAt: rollout.endedAt?.toISOString() ?? null,
    commit: commitView(record, number),
    steps: stepViews(record, rollout, analysis),
    analysis: analysis ? analysisView(record, rollout, analysis) : null,
    seen: { rolloutId: rollout.id, candidateDigest: digest, baselineDigest, policyHash: rollout.policyHash },
    approvalsRequired: rollout.kind === 'evidence' ? record.config.rollout.approval.required : 0,
    approvedBy: rollout.approvals.map((approval) => approval.actor),
    examples,
    traceId: traceIdOf(rollout.traceparent),
    may: mayView(record, rollout),
  }
}
