import { parseModelConfig, type RolloutKind, type RolloutPolicy } from '@understudy/core'
import type { Analysis } from '../analysis/analysis.ts'
import { planAnalysis } from '../analysis/analysis-plan.ts'
import { assessAnalysis } from '../analysis/assess-analysis.ts'
import {
  type Approval,
  DEFAULT_LIMITS,
  type NodeReport,
  type PersonsAct,
  type RolloutFacts,
  type RolloutRecord,
} from './rollout-facts.ts'
import { FIRST_POSITION, type RolloutPhase, type RolloutPosition } from './rollout-position.ts'

export const NOW = 1_000_000_000
export const ONE = { number: 1, digest: 'digest-1' } as const
export const TWO = { number: 2, digest: 'digest-2' } as const

type Place = Pick<RolloutPosition, 'step' | 'weightIndex'>

const at = (step: Place['step'], weightIndex: number | null = null): Place => ({ step, weightIndex })

/** One position of each state, by the names of the paper; of a canary the second weight of two. */
export const POSITIONS = {
  preparing: FIRST_POSITION,
  shadow: { ...at('shadow'), state: 'progressing', reason: null },
  canary: { ...at('canary', 0), state: 'progressing', reason: null },
  lastCanary: { ...at('canary', 1), state: 'progressing', reason: null },
  promoting: { ...at('promoting'), state: 'progressing', reason: null },
  promotingAfterCanary: { ...at('promoting', 1), state: 'progressing', reason: null },
  bake: { ...at('bake'), state: 'progressing', reason: null },
  approval: { ...at('approval'), state: 'paused', reason: 'approval' },
  inconclusive: { ...at('shadow'), state: 'paused', reason: 'inconclusive' },
  inconclusiveCanary: { ...at('canary', 0), state: 'paused', reason: 'inconclusive' },
  noData: { ...at('shadow'), state: 'paused', reason: 'noData' },
  held: { ...at('approval'), state: 'paused', reason: 'held' },
  heldPromoting: { ...at('promoting', 1), state: 'paused', reason: 'held' },
  frozen: { ...at('promoting'), state: 'paused', reason: 'frozen' },
  nodesLagging: { ...at('promoting'), state: 'paused', reason: 'nodesLagging' },
  pausedPreparing: { ...at('preparing'), state: 'paused', reason: 'byUser' },
  pausedShadow: { ...at('shadow'), state: 'paused', reason: 'byUser' },
  pausedCanary: { ...at('canary', 1), state: 'paused', reason: 'byUser' },
  pausedPromoting: { ...at('promoting', 1), state: 'paused', reason: 'byUser' },
  pausedAtApproval: { ...at('approval'), state: 'paused', reason: 'byUser' },
} as const satisfies Record<string, RolloutPosition>
export type PositionName = keyof typeof POSITIONS

export const PHASE_OF_POSITION = {
  preparing: 'preparing',
  shadow: 'shadow',
  canary: 'canary',
  lastCanary: 'canary',
  promoting: 'promoting',
  promotingAfterCanary: 'promoting',
  bake: 'bake',
  approval: 'pausedApproval',
  inconclusive: 'pausedInconclusive',
  inconclusiveCanary: 'pausedInconclusive',
  noData: 'pausedNoData',
  held: 'pausedHeld',
  heldPromoting: 'pausedHeld',
  frozen: 'pausedFrozen',
  nodesLagging: 'pausedNodesLagging',
  pausedPreparing: 'pausedByUser',
  pausedShadow: 'pausedByUser',
  pausedCanary: 'pausedByUser',
  pausedPromoting: 'pausedByUser',
  pausedAtApproval: 'pausedByUser',
} as const satisfies Record<PositionName, RolloutPhase>

/** The rollout of v2 against v1. */
export function record(
  position: RolloutPosition | PositionName,
  changes: Partial<RolloutRecord> = {},
): RolloutRecord {
  return {
    model: 'iris',
    kind: 'evidence',
    position: typeof position === 'string' ? POSITIONS[position] : position,
    sinceMs: NOW,
    candidate: TWO,
    baseline: changes.kind === 'first' ? null : ONE,
    policyHash: 'policy',
    promotedNow: null,
    ...changes,
  }
}

export function ofKind(position: PositionName, kind: RolloutKind): RolloutRecord {
  return record(position, { kind })
}

/** A policy as its author writes it, below `rollout:`. */
export function policy(text = '{}'): RolloutPolicy {
  return parseModelConfig(`rollout: ${text}`).rollout
}

/** Two weights, a bake, and times that are easy to tell apart. */
export const CANARY_POLICY = policy(
  '{canary: [5, 25], bake: 10m, canaryMinPairs: 200, canaryMinDuration: 5m, shadow: {maxDuration: 6h}, decisionTimeout: 7d}',
)
export const PLAIN_POLICY = policy()

export function node(state: NodeReport['state'], changes: Partial<NodeReport> = {}): NodeReport {
  return { node: 'serving-a', joinedAtMs: 0, state, detail: null, ...changes }
}

const NOTHING = assessAnalysis(planAnalysis(CANARY_POLICY, {}, 1), {
  counters: [],
  histograms: [],
  losses: [],
  minutes: [],
  breach: null,
  elapsedMs: 0,
  passed: false,
})

/** An analysis with this verdict, and pairs by step. */
export function analysis(
  outcome: Analysis['outcome'],
  {
    reason = null,
    pairs = {},
  }: { reason?: Analysis['reason']; pairs?: Readonly<Record<string, number>> } = {},
): Analysis {
  return {
    ...NOTHING,
    outcome,
    reason,
    detail: reason === 'invariant' ? 'output `label` is missing' : null,
    pairs: 600,
    steps: NOTHING.steps.map(({ step }) => ({ step, pairs: pairs[step] ?? 0 })),
  }
}

export function approvalOf(actor: string, changes: Partial<Approval> = {}): Approval {
  return {
    actor,
    atMs: NOW,
    expiresAtMs: NOW + 7 * 86_400_000,
    candidateDigest: TWO.digest,
    baselineDigest: ONE.digest,
    policyHash: 'policy',
    ...changes,
  }
}

export function act(type: PersonsAct['type'], reason = 'looks odd'): PersonsAct {
  return { type, actor: 'local:ada', reason }
}

/** v1 is live, v2 is ready on the one node and collects. */
export function facts(changes: Partial<RolloutFacts> = {}): RolloutFacts {
  return {
    nowMs: NOW,
    live: ONE,
    previous: null,
    policy: PLAIN_POLICY,
    policyHash: 'policy',
    candidateAtTip: true,
    candidateStanding: 'untried',
    supersededBy: null,
    heldSinceMs: null,
    frozenUntilMs: null,
    nodes: [node('available')],
    analysis: analysis('collecting'),
    approvals: [],
    pusher: null,
    release: null,
    act: null,
    limits: DEFAULT_LIMITS,
    ...changes,
  }
}

export const PASS = { analysis: analysis('pass') }
export const FAIL = { analysis: analysis('fail', { reason: 'errors' }) }
export const APPROVED = { approvals: [approvalOf('local:ada')] }
export const HOLD = { heldSinceMs: NOW - 10 }
/** v2 is live and v1 judges it. */
export const BAKING = { live: TWO, previous: ONE, policy: CANARY_POLICY }

/** A position as the table writes it: `shadow`, `canary(25)`, `paused(held)`, `failed(errors)`. */
export function written({ state, step, weightIndex, reason }: RolloutPosition): string {
  if (state === 'progressing') {
    return step === 'canary' ? `canary(${CANARY_POLICY.canary[weightIndex ?? -1]})` : step
  }
  return reason === null ? state : `${state}(${reason})`
}
