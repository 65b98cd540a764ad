import {
  type AbortReason,
  type PauseReason,
  PlatformError,
  type RolloutKind,
  type RolloutStep,
} from '@understudy/core'
import type { AnalysisReason } from '../analysis/analysis.ts'

/** Why a rollout failed: its version did not load, a person rejected it, the evidence spoke against it, or it was live and was taken off. */
export type FailReason =
  | 'load'
  | 'rejected'
  | 'rolledBack'
  | Exclude<AnalysisReason, 'shed' | 'coverage' | 'maxDuration'>

interface Place {
  /** A pause keeps the step that it interrupted, an end the step at which it came. */
  readonly step: RolloutStep
  /** The canary weight reached, counted from 0 in the policy's list; null while there was none. It is kept until the end. */
  readonly weightIndex: number | null
}

/** Where a rollout stands. */
export type RolloutPosition = Place &
  (
    | { readonly state: 'progressing'; readonly reason: null }
    | { readonly state: 'paused'; readonly reason: PauseReason }
    | { readonly state: 'succeeded'; readonly reason: null }
    | { readonly state: 'failed'; readonly reason: FailReason }
    | { readonly state: 'aborted'; readonly reason: AbortReason }
  )

/** The states of the table: a position without what varies in its reason. */
export const PHASES = [
  'preparing',
  'shadow',
  'canary',
  'promoting',
  'bake',
  'pausedApproval',
  'pausedInconclusive',
  'pausedNoData',
  'pausedHeld',
  'pausedFrozen',
  'pausedNodesLagging',
  'pausedByUser',
  'succeeded',
  'failed',
  'aborted',
] as const
export type RolloutPhase = (typeof PHASES)[number]

/** Where a new rollout begins. */
export const FIRST_POSITION: RolloutPosition = {
  state: 'progressing',
  step: 'preparing',
  weightIndex: null,
  reason: null,
}

const PAUSED = {
  approval: 'pausedApproval',
  inconclusive: 'pausedInconclusive',
  noData: 'pausedNoData',
  held: 'pausedHeld',
  frozen: 'pausedFrozen',
  nodesLagging: 'pausedNodesLagging',
  byUser: 'pausedByUser',
} as const satisfies Record<PauseReason, RolloutPhase>

/**
 * The row of the table that a position belongs to.
 *
 * @throws PlatformError `rollout.invalid_transition` for a position that cannot be
 */
export function phaseOf(position: RolloutPosition): RolloutPhase {
  if (position.state === 'paused') return PAUSED[position.reason]
  if (position.state !== 'progressing') return position.state
  if (position.step === 'approval') {
    throw new PlatformError(
      'rollout.invalid_transition',
      'A rollout cannot be progressing at approval: it waits there, paused.',
    )
  }
  return position.step
}

/** Whether the rollout has not ended. */
export function isOpen({ state }: RolloutPosition): boolean {
  return state === 'progressing' || state === 'paused'
}

/** Whether the candidate has answered clients in this rollout: in canary, or live. */
export function answeredClients({ step, weightIndex }: RolloutPosition): boolean {
  return weightIndex !== null || step === 'bake'
}

/** Whether a rollout of this kind compares its candidate with what is live. */
export function isCompared(kind: RolloutKind): boolean {
  return kind === 'evidence' || kind === 'rehearsal'
}
