import { describe, expect, it } from 'vitest'
import { decideCommand } from './decide-command.ts'
import { decideRollout } from './decide-rollout.ts'
import {
  APPROVED,
  act,
  analysis,
  BAKING,
  CANARY_POLICY,
  FAIL,
  facts,
  HOLD,
  NOW,
  node,
  PASS,
  type PositionName,
  record,
  written,
} from './rollout.fixture.ts'
import type { CommandType } from './rollout-command.ts'
import { DEFAULT_LIMITS, type RolloutFacts } from './rollout-facts.ts'
import { standingAfter } from './standing-after.ts'

const COLUMNS = [
  'goes on',
  'fail',
  'time',
  'approve',
  'reject',
  'newer validated',
  'baseline changed',
  'left Git',
  'abort',
] as const

/** What happens, and where it leads; null: it stays. */
type Cell = readonly [happens: Partial<RolloutFacts> | CommandType, leadsTo: string | null]
type Row = Readonly<Record<(typeof COLUMNS)[number], readonly Cell[]>>

const { prepareTimeoutMs, promoteTimeoutMs } = DEFAULT_LIMITS
const { decisionTimeout, shadow, bake, canaryMinDuration } = CANARY_POLICY
const later = (ms: number) => ({ nowMs: NOW + ms })
const FOREVER = later(400 * 86_400_000)

const TIMEOUT: readonly Cell[] = [
  [later(decisionTimeout), 'aborted(deadline)'],
  [later(decisionTimeout - 1), null],
]
const SUPERSEDED: readonly Cell[] = [[{ supersededBy: 3 }, 'aborted(superseded)']]
const CHANGED: readonly Cell[] = [
  [{ live: { number: 9, digest: 'digest-9' } }, 'aborted(baselineChanged)'],
  [{ live: null }, 'aborted(baselineChanged)'],
  // An approval is bound to the baseline: it is void.
  [{ ...APPROVED, live: { number: 9, digest: 'digest-9' } }, 'aborted(baselineChanged)'],
]
const LEFT: readonly Cell[] = [[{ candidateAtTip: false }, 'aborted(deletedInGit)']]
const ABORTED: readonly Cell[] = [['abort', 'aborted(byUser)']]
const REJECTED: readonly Cell[] = [['reject', 'failed(rejected)']]
const ALIKE = {
  'newer validated': SUPERSEDED,
  'baseline changed': CHANGED,
  'left Git': LEFT,
  abort: ABORTED,
} as const

const canaryPairs = (step: string, pairs: number) => ({
  analysis: analysis('pass', { pairs: { [step]: pairs } }),
})

/** The table of rollouts, row by row. Facts of a row besides what happens: `WHERE`. */
const TABLE = {
  preparing: {
    ...ALIKE,
    'goes on': [
      [{}, 'shadow'],
      [{ nodes: [node('available'), node('pending')] }, null],
    ],
    fail: [[{ nodes: [node('available'), node('error')] }, 'failed(load)']],
    time: [
      [{ ...later(prepareTimeoutMs), nodes: [node('pending')] }, 'failed(load)'],
      [{ ...later(prepareTimeoutMs - 1), nodes: [node('pending')] }, null],
      [{ ...later(decisionTimeout), nodes: [] }, 'failed(load)'],
    ],
    approve: [['approve', 'rollout.no_verdict']],
    reject: REJECTED,
  },
  shadow: {
    ...ALIKE,
    'goes on': [
      [PASS, 'paused(approval)'],
      [{ ...PASS, ...APPROVED }, 'canary(5)'],
      [{ ...PASS, ...APPROVED, policy: { ...CANARY_POLICY, canary: [] } }, 'promoting'],
      [{ ...PASS, ...HOLD }, 'paused(held)'],
    ],
    fail: [[FAIL, 'failed(errors)']],
    time: [
      [{ analysis: analysis('inconclusive', { reason: 'maxDuration' }) }, 'paused(inconclusive)'],
      [{ analysis: analysis('noData', { reason: 'maxDuration' }) }, 'paused(noData)'],
      [{ analysis: null, ...later(shadow.maxDuration) }, 'paused(noData)'],
      [later(shadow.maxDuration), 'paused(inconclusive)'],
      [later(shadow.maxDuration - 1), null],
    ],
    approve: [['approve', 'rollout.no_verdict']],
    reject: REJECTED,
  },
  approval: {
    ...ALIKE,
    'goes on': [[PASS, null]],
    fail: [[{ ...FAIL, ...APPROVED }, 'failed(errors)']],
    time: TIMEOUT,
    approve: [
      ['approve', 'approval'],
      [{ ...PASS, ...APPROVED }, 'canary(5)'],
      [{ ...PASS, ...APPROVED, policy: { ...CANARY_POLICY, canary: [] } }, 'promoting'],
    ],
    reject: REJECTED,
  },
  inconclusive: {
    ...ALIKE,
    'goes on': [
      ['retry', 'shadow'],
      ['promoteNow', 'promoting'],
    ],
    fail: [[FAIL, 'failed(errors)']],
    time: TIMEOUT,
    approve: [['approve', 'rollout.no_verdict']],
    reject: REJECTED,
  },
  noData: {
    ...ALIKE,
    'goes on': [
      ['retry', 'shadow'],
      ['promoteNow', 'promoting'],
    ],
    fail: [[FAIL, 'failed(errors)']],
    time: TIMEOUT,
    approve: [['approve', 'rollout.no_verdict']],
    reject: REJECTED,
  },
  held: {
    ...ALIKE,
    'goes on': [
      [{ ...PASS, heldSinceMs: null }, 'paused(approval)'],
      [{ ...PASS, heldSinceMs: null, ...APPROVED }, 'canary(5)'],
    ],
    fail: [[{ ...FAIL, ...HOLD }, 'failed(errors)']],
    time: [[{ ...PASS, ...HOLD, ...FOREVER }, null]],
    approve: [
      ['approve', 'approval'],
      // A canary does not change what is live: it may run under the hold.
      [{ ...PASS, ...HOLD, ...APPROVED }, 'canary(5)'],
      [{ ...PASS, ...HOLD, ...APPROVED, policy: { ...CANARY_POLICY, canary: [] } }, 'promoting'],
    ],
    reject: REJECTED,
  },
  heldPromoting: {
    ...ALIKE,
    'goes on': [[{ ...PASS, ...APPROVED, heldSinceMs: null }, 'promoting']],
    fail: [[{ ...FAIL, ...HOLD }, 'failed(errors)']],
    time: [[{ ...PASS, ...HOLD, ...FOREVER }, null]],
    approve: [
      ['approve', 'approval'],
      [{ ...PASS, ...HOLD, ...APPROVED }, 'promoting'],
    ],
    reject: REJECTED,
  },
  pausedShadow: {
    ...ALIKE,
    'goes on': [['resume', 'shadow']],
    fail: [[FAIL, 'failed(errors)']],
    time: [[{ analysis: analysis('noData', { reason: 'maxDuration' }), ...FOREVER }, null]],
    approve: [['approve', 'rollout.paused']],
    reject: REJECTED,
  },
  pausedCanary: {
    ...ALIKE,
    'goes on': [['resume', 'canary(25)']],
    fail: [[FAIL, 'failed(errors)']],
    time: [[{ ...PASS, ...FOREVER }, null]],
    approve: [['approve', 'rollout.paused']],
    reject: REJECTED,
  },
  canary: {
    ...ALIKE,
    'goes on': [
      [{ ...canaryPairs('canary-5', 200), ...later(canaryMinDuration) }, 'canary(25)'],
      [{ ...canaryPairs('canary-5', 199), ...later(canaryMinDuration) }, null],
      [{ ...canaryPairs('canary-5', 200), ...later(canaryMinDuration - 1) }, null],
      [{ ...canaryPairs('shadow', 9_999), ...later(canaryMinDuration) }, null],
    ],
    fail: [[FAIL, 'failed(errors)']],
    time: [
      [{ ...PASS, ...later(shadow.maxDuration) }, 'paused(inconclusive)'],
      [{ ...PASS, ...later(shadow.maxDuration - 1) }, null],
    ],
    approve: [['approve', 'done']],
    reject: [['reject', 'rollout.stale_decision']],
  },
  lastCanary: {
    ...ALIKE,
    'goes on': [[{ ...canaryPairs('canary-25', 200), ...later(canaryMinDuration) }, 'promoting']],
    fail: [[FAIL, 'failed(errors)']],
    time: [[{ ...PASS, ...later(shadow.maxDuration) }, 'paused(inconclusive)']],
    approve: [['approve', 'done']],
    reject: [['reject', 'rollout.stale_decision']],
  },
  promoting: {
    ...ALIKE,
    'goes on': [
      [{ ...PASS, ...APPROVED }, 'bake'],
      [{ ...PASS, ...APPROVED, policy: { ...CANARY_POLICY, bake: 0 } }, 'succeeded'],
    ],
    fail: [[{ ...FAIL, ...APPROVED }, 'failed(errors)']],
    time: [
      [
        { ...PASS, ...APPROVED, ...later(promoteTimeoutMs), nodes: [node('pending')] },
        'paused(nodesLagging)',
      ],
      [{ ...PASS, ...APPROVED, ...later(promoteTimeoutMs), nodes: [] }, 'paused(nodesLagging)'],
      [{ ...PASS, ...APPROVED, ...later(promoteTimeoutMs - 1), nodes: [node('pending')] }, null],
    ],
    approve: [['approve', 'done']],
    reject: [['reject', 'rollout.stale_decision']],
  },
  bake: {
    'goes on': [
      [{ ...BAKING, ...later(bake) }, 'succeeded'],
      [{ ...BAKING, ...later(bake - 1) }, null],
    ],
    fail: [[{ ...BAKING, ...FAIL }, 'failed(rolledBack)']],
    time: [[{ ...BAKING, ...PASS, ...later(bake) }, 'succeeded']],
    approve: [['approve', 'done']],
    reject: [['reject', 'rollout.stale_decision']],
    'newer validated': [[{ ...BAKING, supersededBy: 3 }, null]],
    'baseline changed': [[{ ...BAKING, policyHash: 'other' }, null]],
    'left Git': [[{ ...BAKING, candidateAtTip: false }, null]],
    abort: [['abort', 'failed(rolledBack)']],
  },
} as const satisfies Partial<Record<PositionName, Row>>

/** What is true in a row besides what happens. */
const WHERE: Partial<Record<keyof typeof TABLE, Partial<RolloutFacts>>> = {
  approval: PASS,
  promoting: { ...PASS, ...APPROVED },
  bake: BAKING,
  held: { ...PASS, ...HOLD },
  heldPromoting: { ...PASS, ...HOLD },
}

/** Where a cell leads: by a command the answer, or what the accepted act brings about. */
function leads(name: keyof typeof TABLE, happens: Cell[0]): string | null {
  const rollout = record(name)
  const base = { policy: CANARY_POLICY, ...WHERE[name] }
  if (typeof happens !== 'string') {
    const transition = decideRollout(rollout, facts({ ...base, ...happens }))
    return transition && written(transition.to)
  }
  const situation = {
    rollout,
    candidateStanding: 'untried',
    verdict: null,
    previous: name === 'bake' ? BAKING.previous : null,
  } as const
  const decision = decideCommand({ type: happens, reason: 'looks odd', seen: null }, situation)
  if (decision.type === 'done') return 'done'
  if (decision.type === 'refused') return decision.code
  if (decision.as === 'approval' || happens === 'approve') return decision.as
  const transition = decideRollout(rollout, facts({ ...base, act: act(happens) }))
  return transition && written(transition.to)
}

describe.each(Object.keys(TABLE) as (keyof typeof TABLE)[])('the table of rollouts, %s', (name) => {
  it.each(COLUMNS)('%s', (column) => {
    const row: Row = TABLE[name]
    for (const [happens, expected] of row[column]) {
      expect([happens, leads(name, happens)]).toEqual([happens, expected])
    }
  })
})

describe('what answered clients', () => {
  const standingOf = (name: PositionName, changes: Partial<RolloutFacts>) => {
    const rollout = record(name)
    const transition = decideRollout(rollout, facts({ policy: CANARY_POLICY, ...changes }))
    return transition && standingAfter(rollout.kind, transition.to)
  }

  it.each<[PositionName, Partial<RolloutFacts>, string | null]>([
    ['shadow', FAIL, 'failed'],
    ['shadow', { act: act('abort') }, 'failed'],
    ['canary', FAIL, 'withdrawn'],
    ['canary', { act: act('abort') }, 'withdrawn'],
    ['canary', { supersededBy: 3 }, null],
    ['canary', { live: null }, null],
    ['pausedCanary', { act: act('reject') }, 'withdrawn'],
    ['inconclusiveCanary', later(decisionTimeout), 'failed'],
    ['promotingAfterCanary', { ...FAIL, ...APPROVED }, 'withdrawn'],
    ['promotingAfterCanary', { act: act('abort') }, 'withdrawn'],
    ['bake', { ...BAKING, ...FAIL }, 'withdrawn'],
    ['bake', { ...BAKING, act: act('abort') }, 'withdrawn'],
    ['bake', { ...BAKING, ...later(bake) }, 'proven'],
  ])('in %s, with %o, leaves its digest %s', (name, changes, standing) => {
    expect(standingOf(name, changes)).toBe(standing)
  })
})
