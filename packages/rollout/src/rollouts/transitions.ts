import { type AbortReason, PlatformError } from '@understudy/core'
import { type FailReason, phaseOf, type RolloutPhase, type RolloutPosition } from './rollout-position.ts'

/** What can move a rollout. */
export const CAUSES = [
  'shadowReady',
  'readyToPromote',
  'held',
  'passed',
  'cleared',
  'inconclusive',
  'noData',
  'retried',
  'released',
  'approvalMissing',
  'nodesLag',
  'committed',
  'failed',
  'aborted',
] as const
export type TransitionCause = (typeof CAUSES)[number]

type Row = Readonly<Partial<Record<TransitionCause, RolloutPhase>>>

const ENDS = { failed: 'failed', aborted: 'aborted' } as const

/** Every move there is. What is not in the table is impossible. */
export const TRANSITIONS = {
  preparing: { ...ENDS, shadowReady: 'shadow', readyToPromote: 'promoting', held: 'pausedHeld' },
  shadow: {
    ...ENDS,
    passed: 'pausedApproval',
    cleared: 'promoting',
    held: 'pausedHeld',
    inconclusive: 'pausedInconclusive',
    noData: 'pausedNoData',
  },
  promoting: {
    ...ENDS,
    committed: 'succeeded',
    nodesLag: 'pausedNodesLagging',
    held: 'pausedHeld',
    approvalMissing: 'pausedApproval',
  },
  pausedApproval: { ...ENDS, cleared: 'promoting' },
  pausedInconclusive: { ...ENDS, retried: 'shadow' },
  pausedNoData: { ...ENDS, retried: 'shadow' },
  pausedHeld: { ...ENDS, cleared: 'promoting', released: 'pausedApproval' },
  pausedNodesLagging: { ...ENDS, cleared: 'promoting' },
  succeeded: {},
  failed: {},
  aborted: {},
} as const satisfies Record<RolloutPhase, Row>

/** One move of a rollout, to be recorded with everything that belongs to it in one transaction. */
export interface RolloutTransition {
  readonly cause: TransitionCause
  readonly to: RolloutPosition
  /** One sentence for record and console. */
  readonly detail: string
}

/** A cause with what varies in it. */
export type Move =
  | { readonly cause: Exclude<TransitionCause, 'failed' | 'aborted'>; readonly detail: string }
  | { readonly cause: 'failed'; readonly reason: FailReason; readonly detail: string }
  | { readonly cause: 'aborted'; readonly reason: AbortReason; readonly detail: string }

/**
 * Carries a move out on a position.
 *
 * @throws PlatformError `rollout.invalid_transition` when the table has no such move
 */
export function applyMove(from: RolloutPosition, move: Move): RolloutTransition {
  const phase = phaseOf(from)
  const row: Row = TRANSITIONS[phase]
  const to = row[move.cause]
  if (to === undefined) {
    throw new PlatformError(
      'rollout.invalid_transition',
      `A rollout in ${phase} cannot move by "${move.cause}": the table of transitions has no such move.`,
    )
  }
  return { cause: move.cause, to: positionOf(to, from, move), detail: move.detail }
}

function positionOf(to: RolloutPhase, from: RolloutPosition, move: Move): RolloutPosition {
  if (move.cause === 'failed') return { state: 'failed', step: from.step, reason: move.reason }
  if (move.cause === 'aborted') return { state: 'aborted', step: from.step, reason: move.reason }
  return STAYS[to as keyof typeof STAYS]
}

const STAYS = {
  preparing: { state: 'progressing', step: 'preparing', reason: null },
  shadow: { state: 'progressing', step: 'shadow', reason: null },
  promoting: { state: 'progressing', step: 'promoting', reason: null },
  pausedApproval: { state: 'paused', step: 'approval', reason: 'approval' },
  pausedInconclusive: { state: 'paused', step: 'shadow', reason: 'inconclusive' },
  pausedNoData: { state: 'paused', step: 'shadow', reason: 'noData' },
  pausedHeld: { state: 'paused', step: 'approval', reason: 'held' },
  pausedNodesLagging: { state: 'paused', step: 'promoting', reason: 'nodesLagging' },
  succeeded: { state: 'succeeded', step: 'promoting', reason: null },
} as const satisfies Record<Exclude<RolloutPhase, 'failed' | 'aborted'>, RolloutPosition>
