import { type AbortReason, type PauseReason, PlatformError, type RolloutStep } from '@understudy/core'
import type { AnalysisReason } from '../analysis/analysis.ts'

/** Why a rollout failed: its version did not load, a person rejected it, or the evidence spoke against it. */
export type FailReason = 'load' | 'rejected' | Exclude<AnalysisReason, 'shed' | 'maxDuration'>

/** Where a rollout stands. Final states keep the step at which it ended. */
export type RolloutPosition =
  | { readonly state: 'progressing'; readonly step: RolloutStep; readonly reason: null }
  | { readonly state: 'paused'; readonly step: RolloutStep; readonly reason: PauseReason }
  | { readonly state: 'succeeded'; readonly step: RolloutStep; readonly reason: null }
  | { readonly state: 'failed'; readonly step: RolloutStep; readonly reason: FailReason }
  | { readonly state: 'aborted'; readonly step: RolloutStep; readonly reason: AbortReason }

/** The states of the table: a position without what varies in its reason. */
export const PHASES = [
  'preparing',
  'shadow',
  'promoting',
  'pausedApproval',
  'pausedInconclusive',
  'pausedNoData',
  'pausedHeld',
  'pausedNodesLagging',
  'succeeded',
  'failed',
  'aborted',
] as const
export type RolloutPhase = (typeof PHASES)[number]

/** Where a new rollout begins. */
export const FIRST_POSITION: RolloutPosition = { state: 'progressing', step: 'preparing', reason: null }

const PAUSED = {
  approval: 'pausedApproval',
  inconclusive: 'pausedInconclusive',
  noData: 'pausedNoData',
  held: 'pausedHeld',
  nodesLagging: 'pausedNodesLagging',
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
export function isOpen(position: RolloutPosition): boolean {
  return position.state === 'progressing' || position.state === 'paused'
}
