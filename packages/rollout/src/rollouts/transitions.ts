import { type AbortReason, PlatformError } from '@understudy/core'
import { type FailReason, phaseOf, type RolloutPhase, type RolloutPosition } from './rollout-position.ts'

/** What can move a rollout. */
export const CAUSES = [
  'shadowReady',
  'readyToPromote',
  'held',
  'passed',
  'cleared',
  'nextWeight',
  'inconclusive',
  'noData',
  'retried',
  'promotedNow',
  'released',
  'approvalMissing',
  'verdictMissing',
  'frozen',
  'thawed',
  'nodesLag',
  'paused',
  'resumed',
  'committed',
  'baked',
  'rolledBack',
  'takenOff',
  'rejected',
  'failed',
  'aborted',
] as const
export type TransitionCause = (typeof CAUSES)[number]

type Row = Readonly<Partial<Record<TransitionCause, readonly RolloutPhase[]>>>

const ABORTS = { aborted: ['aborted'] } as const
const FAILS = { ...ABORTS, failed: ['failed'] } as const
/** Until clients are answered a person may reject. */
const ENDS = { ...FAILS, rejected: ['failed'] } as const
const PAUSES = { paused: ['pausedByUser'] } as const
const CLEARED = { cleared: ['canary', 'promoting'] } as const

/** Every move there is, with every place it may lead to. What is not in the table is impossible. */
export const TRANSITIONS = {
  preparing: {
    ...ENDS,
    ...PAUSES,
    shadowReady: ['shadow'],
    readyToPromote: ['promoting'],
    held: ['pausedHeld'],
  },
  shadow: {
    ...ENDS,
    ...PAUSES,
    ...CLEARED,
    passed: ['pausedApproval'],
    held: ['pausedHeld'],
    inconclusive: ['pausedInconclusive'],
    noData: ['pausedNoData'],
  },
  canary: {
    ...FAILS,
    ...PAUSES,
    nextWeight: ['canary'],
    cleared: ['promoting'],
    inconclusive: ['pausedInconclusive'],
  },
  promoting: {
    ...FAILS,
    ...PAUSES,
    committed: ['bake', 'succeeded'],
    nodesLag: ['pausedNodesLagging'],
    held: ['pausedHeld'],
    frozen: ['pausedFrozen'],
    approvalMissing: ['pausedApproval'],
    verdictMissing: ['pausedInconclusive'],
  },
  // What is live is not aborted: it stays, or is taken off.
  bake: { failed: ['failed'], baked: ['succeeded'], rolledBack: ['failed'], takenOff: ['failed'] },
  pausedApproval: { ...ENDS, ...PAUSES, ...CLEARED, held: ['pausedHeld'] },
  pausedInconclusive: { ...ENDS, ...PAUSES, retried: ['shadow', 'canary'], promotedNow: ['promoting'] },
  pausedNoData: { ...ENDS, ...PAUSES, retried: ['shadow'], promotedNow: ['promoting'] },
  pausedHeld: { ...ENDS, ...PAUSES, ...CLEARED, released: ['pausedApproval'] },
  pausedFrozen: { ...FAILS, ...PAUSES, thawed: ['promoting'] },
  pausedNodesLagging: { ...FAILS, ...PAUSES, cleared: ['promoting'] },
  pausedByUser: {
    ...ENDS,
    resumed: ['preparing', 'shadow', 'canary', 'promoting', 'pausedApproval'],
  },
  succeeded: {},
  failed: {},
  aborted: {},
} as const satisfies Record<RolloutPhase, Row>

/** What a transition changes besides the rollout itself, in the same transaction. */
export type TransitionEffect = 'promote' | 'rollBack' | null

/** One move of a rollout, to be recorded with everything that belongs to it in one transaction. */
export interface RolloutTransition {
  readonly cause: TransitionCause
  readonly to: RolloutPosition
  /** `promote`: the label moves to the candidate. `rollBack`: it moves back to the version before, and the digest is withdrawn. */
  readonly effect: TransitionEffect
  /** One sentence for record and console. */
  readonly detail: string
}

type OpenPhase = Exclude<RolloutPhase, 'failed' | 'aborted'>

/** A cause with where it leads and what varies in it. */
export type Move =
  | {
      readonly cause: Exclude<TransitionCause, 'failed' | 'rejected' | 'rolledBack' | 'takenOff' | 'aborted'>
      readonly to: OpenPhase
      readonly detail: string
    }
  | {
      readonly cause: 'failed'
      readonly reason: Exclude<FailReason, 'rejected' | 'rolledBack'>
      readonly detail: string
    }
  | { readonly cause: 'rejected' | 'rolledBack' | 'takenOff'; readonly detail: string }
  | { readonly cause: 'aborted'; readonly reason: AbortReason; readonly detail: string }

/** Whether the table knows a move of this cause from this position. */
export function mayMove(from: RolloutPosition, cause: TransitionCause): boolean {
  const row: Row = TRANSITIONS[phaseOf(from)]
  return row[cause] !== undefined
}

/**
 * Carries a move out on a position.
 *
 * @throws PlatformError `rollout.invalid_transition` when the table has no such move
 */
export function applyMove(from: RolloutPosition, move: Move): RolloutTransition {
  const phase = phaseOf(from)
  const row: Row = TRANSITIONS[phase]
  const to = positionAfter(from, move)
  if (!row[move.cause]?.includes(phaseOf(to))) {
    throw new PlatformError(
      'rollout.invalid_transition',
      `A rollout in ${phase} cannot move to ${phaseOf(to)} by "${move.cause}": the table of transitions has no such move.`,
    )
  }
  return { cause: move.cause, to, effect: EFFECTS[move.cause] ?? null, detail: move.detail }
}

const EFFECTS: Readonly<Partial<Record<TransitionCause, TransitionEffect>>> = {
  committed: 'promote',
  rolledBack: 'rollBack',
}

function positionAfter(from: RolloutPosition, move: Move): RolloutPosition {
  const { step, weightIndex } = from
  switch (move.cause) {
    case 'failed':
      return { state: 'failed', step, weightIndex, reason: move.reason }
    case 'rejected':
      return { state: 'failed', step, weightIndex, reason: 'rejected' }
    case 'rolledBack':
    case 'takenOff':
      return { state: 'failed', step, weightIndex, reason: 'rolledBack' }
    case 'aborted':
      return { state: 'aborted', step, weightIndex, reason: move.reason }
    default:
      return PLACES[move.to](from, move.cause)
  }
}

type PlaceOf = (from: RolloutPosition, cause: TransitionCause) => RolloutPosition

const at =
  (step: RolloutPosition['step']): PlaceOf =>
  ({ weightIndex }) => ({ state: 'progressing', step, weightIndex, reason: null })

const PLACES = {
  preparing: at('preparing'),
  shadow: at('shadow'),
  promoting: at('promoting'),
  bake: at('bake'),
  canary: ({ weightIndex }, cause) => ({
    state: 'progressing',
    step: 'canary',
    weightIndex: weightIndex === null ? 0 : weightIndex + (cause === 'nextWeight' ? 1 : 0),
    reason: null,
  }),
  pausedApproval: ({ weightIndex }) => ({
    state: 'paused',
    step: 'approval',
    weightIndex,
    reason: 'approval',
  }),
  pausedInconclusive: ({ weightIndex }) => ({
    state: 'paused',
    step: weightIndex === null ? 'shadow' : 'canary',
    weightIndex,
    reason: 'inconclusive',
  }),
  pausedNoData: ({ weightIndex }) => ({ state: 'paused', step: 'shadow', weightIndex, reason: 'noData' }),
  pausedHeld: ({ step, weightIndex }) => ({
    state: 'paused',
    step: step === 'promoting' ? 'promoting' : 'approval',
    weightIndex,
    reason: 'held',
  }),
  pausedFrozen: ({ weightIndex }) => ({ state: 'paused', step: 'promoting', weightIndex, reason: 'frozen' }),
  pausedNodesLagging: ({ weightIndex }) => ({
    state: 'paused',
    step: 'promoting',
    weightIndex,
    reason: 'nodesLagging',
  }),
  pausedByUser: ({ step, weightIndex }) => ({ state: 'paused', step, weightIndex, reason: 'byUser' }),
  succeeded: ({ step, weightIndex }) => ({ state: 'succeeded', step, weightIndex, reason: null }),
} as const satisfies Record<OpenPhase, PlaceOf>
