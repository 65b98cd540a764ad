import type { PauseReason } from '@understudy/core'
import { type ModelRecord, type RolloutRecord, type StepRecord, versionOf } from '@understudy/db'
import { type Analysis, formatDuration } from '@understudy/rollout'
import type { StepView } from '../../views/index.ts'

/** States of a rollout that has not ended. */
export const OPEN: ReadonlySet<string> = new Set(['progressing', 'paused'])

const RAIL = ['validate', 'load', 'shadow', 'approval', 'canary', 'promote', 'bake'] as const
const RAIL_STEP = {
  load: 'preparing',
  shadow: 'shadow',
  approval: 'approval',
  canary: 'canary',
  promote: 'promoting',
  bake: 'bake',
} as const
type RailStep = (typeof RAIL)[number]

/** The steps that a rollout of this kind goes through. */
function railOf(record: ModelRecord, rollout: RolloutRecord): readonly RailStep[] {
  const { approval, canary, bake } = record.config.rollout
  const began = (step: RolloutRecord['step']) => rollout.steps.some((entry) => entry.step === step)
  const byEvidence = rollout.kind === 'evidence'
  const goesThrough: Readonly<Record<RailStep, boolean>> = {
    validate: true,
    load: true,
    shadow: byEvidence || rollout.kind === 'rehearsal',
    approval: (byEvidence && approval.required > 0) || began('approval'),
    canary: (byEvidence && canary.length > 0) || began('canary'),
    promote: rollout.kind !== 'rehearsal',
    bake: (byEvidence && bake > 0) || began('bake'),
  }
  return RAIL.filter((step) => goesThrough[step])
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
  frozen: 'in a freeze window',
  inconclusive: 'inconclusive',
  noData: 'no data',
  nodesLagging: 'nodes lag behind',
  byUser: 'paused by a person',
} as const satisfies Record<PauseReason, string>

function noteOfNow(record: ModelRecord, rollout: RolloutRecord, analysis: Analysis | null): string {
  if (rollout.state === 'paused' && rollout.pauseReason) return WAITS[rollout.pauseReason]
  if (rollout.step === 'shadow' && analysis) return `${analysis.pairs} of ${analysis.minPairs} pairs`
  if (rollout.step === 'canary') return `${canaryPercent(record, rollout) ?? 0} % of requests`
  if (rollout.step === 'bake') {
    const endsMs = rollout.stepStartedAt.getTime() + record.config.rollout.bake
    return `${shownDuration(Math.max(0, endsMs - record.readAt.getTime()))} to go`
  }
  return 'in progress'
}

/** Percent of requests that the candidate answers in the canary step that a rollout reached; null while there was none. */
export function canaryPercent(record: ModelRecord, { weightIndex }: RolloutRecord): number | null {
  return weightIndex === null ? null : (record.config.rollout.canary[weightIndex] ?? null)
}

type RolloutRailStep = keyof typeof RAIL_STEP

function validateStep(record: ModelRecord, rollout: RolloutRecord): StepView {
  const version = versionOf(record, rollout.number)
  const ms = version?.validatedAt ? version.validatedAt.getTime() - version.discoveredAt.getTime() : null
  return { step: 'validate', state: 'done', note: ms === null ? '' : shownDuration(ms) }
}

function rolloutStep(
  record: ModelRecord,
  { rollout, analysis }: { readonly rollout: RolloutRecord; readonly analysis: Analysis | null },
  step: RolloutRailStep,
): StepView {
  const entry = rollout.steps.findLast((candidate) => candidate.step === RAIL_STEP[step])
  const isLast = rollout.step === RAIL_STEP[step]
  if (isLast && rollout.state === 'failed') return { step, state: 'failed', note: rollout.reason ?? 'failed' }
  if (isLast && rollout.state === 'aborted')
    return { step, state: 'skipped', note: rollout.reason ?? 'aborted' }
  if (isLast && OPEN.has(rollout.state))
    return { step, state: 'now', note: noteOfNow(record, rollout, analysis) }
  if (entry) return { step, state: 'done', note: took(entry) }
  return { step, state: OPEN.has(rollout.state) ? 'ahead' : 'skipped', note: '' }
}

/** The way to live of a rollout, step by step. */
export function stepViews(
  record: ModelRecord,
  rollout: RolloutRecord,
  analysis: Analysis | null,
): readonly StepView[] {
  return railOf(record, rollout).map((step) =>
    step === 'validate' ? validateStep(record, rollout) : rolloutStep(record, { rollout, analysis }, step),
  )
}
