import type { RolloutKind } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import type { Analysis } from '../analysis/analysis.ts'
import { decideRollout } from './decide-rollout.ts'
import {
  DEFAULT_LIMITS,
  type NodeReport,
  type PersonsAct,
  type RolloutFacts,
  type RolloutRecord,
} from './rollout-facts.ts'
import { FIRST_POSITION, isOpen, PHASES, phaseOf, type RolloutPosition } from './rollout-position.ts'
import { applyMove, CAUSES, TRANSITIONS } from './transitions.ts'

const NOW = 1_000_000_000
const { prepareTimeoutMs, promoteTimeoutMs, decisionTimeoutMs } = DEFAULT_LIMITS

const SHADOW: RolloutPosition = { state: 'progressing', step: 'shadow', reason: null }
const PROMOTING: RolloutPosition = { state: 'progressing', step: 'promoting', reason: null }
const APPROVAL: RolloutPosition = { state: 'paused', step: 'approval', reason: 'approval' }
const INCONCLUSIVE: RolloutPosition = { state: 'paused', step: 'shadow', reason: 'inconclusive' }
const NO_DATA: RolloutPosition = { state: 'paused', step: 'shadow', reason: 'noData' }
const HELD: RolloutPosition = { state: 'paused', step: 'approval', reason: 'held' }
const LAGGING: RolloutPosition = { state: 'paused', step: 'promoting', reason: 'nodesLagging' }

function record(position: RolloutPosition, kind: RolloutKind = 'evidence', sinceMs = NOW): RolloutRecord {
  return {
    model: 'iris',
    kind,
    position,
    sinceMs,
    candidate: { number: 2, digest: 'digest-2' },
    baseline: kind === 'first' ? null : { number: 1, digest: 'digest-1' },
    policyHash: 'policy',
  }
}

function node(state: NodeReport['state'], changes: Partial<NodeReport> = {}): NodeReport {
  return { node: 'serving-a', joinedAtMs: 0, state, detail: null, ...changes }
}

function analysis(outcome: Analysis['outcome'], reason: Analysis['reason'] = null): Analysis {
  return {
    outcome,
    reason,
    detail: reason === 'invariant' ? 'output `label` is missing' : null,
    gates: [],
    pairs: 600,
    minPairs: 500,
    elapsedMs: 0,
    minDurationMs: 0,
    lostShare: 0,
  }
}

function facts(changes: Partial<RolloutFacts> = {}): RolloutFacts {
  return {
    nowMs: NOW,
    live: { number: 1, digest: 'digest-1' },
    policyHash: 'policy',
    candidateAtTip: true,
    candidateStanding: 'untried',
    supersededBy: null,
    heldSinceMs: null,
    nodes: [node('available')],
    analysis: analysis('collecting'),
    approvals: { required: 1, givenAtMs: [] },
    act: null,
    limits: DEFAULT_LIMITS,
    ...changes,
  }
}

function act(type: PersonsAct['type']): PersonsAct {
  return { type, actor: 'local:ada', reason: 'looks odd' }
}

const PASS = { analysis: analysis('pass') }
const FAIL = { analysis: analysis('fail', 'errors') }
const APPROVED = { approvals: { required: 1, givenAtMs: [NOW] } }
const AUTOMATIC = { approvals: { required: 0, givenAtMs: [] } }
const HOLD = { heldSinceMs: NOW - 10 }
const FIRST_LIVE = { live: null }

type Row = readonly [rollout: RolloutRecord, facts: RolloutFacts, to: string | null]

function written({ state, step, reason }: RolloutPosition): string {
  if (state === 'progressing') return step
  return reason === null ? state : `${state}(${reason})`
}

const TABLE: Readonly<Record<string, Row>> = {
  'preparing: goes to shadow when every joined node has it available': [
    record(FIRST_POSITION),
    facts(),
    'shadow',
  ],
  'preparing: waits while a node loads': [
    record(FIRST_POSITION),
    facts({ nodes: [node('available'), node('pending')] }),
    null,
  ],
  'preparing: waits while no node has joined, however long': [
    record(FIRST_POSITION, 'evidence', 0),
    facts({ nodes: [] }),
    null,
  ],
  'preparing: fails when a node could not load it': [
    record(FIRST_POSITION),
    facts({ nodes: [node('available'), node('error')] }),
    'failed(load)',
  ],
  'preparing: fails at the deadline': [
    record(FIRST_POSITION, 'evidence', NOW - prepareTimeoutMs),
    facts({ nodes: [node('pending')] }),
    'failed(load)',
  ],
  'preparing: gives a node that joined late its own time': [
    record(FIRST_POSITION, 'evidence', 0),
    facts({ nodes: [node('pending', { joinedAtMs: NOW - 1 })] }),
    null,
  ],
  'preparing: a first version goes live without evidence or approval': [
    record(FIRST_POSITION, 'first'),
    facts({ ...FIRST_LIVE, analysis: null }),
    'promoting',
  ],
  'preparing: immediate goes live without evidence or approval': [
    record(FIRST_POSITION, 'immediate'),
    facts({ analysis: null }),
    'promoting',
  ],
  'preparing: the bytes of live return without evidence or approval': [
    record(FIRST_POSITION, 'returning'),
    facts({ analysis: null }),
    'promoting',
  ],
  'preparing: a hold holds immediate too': [record(FIRST_POSITION, 'immediate'), facts(HOLD), 'paused(held)'],
  'preparing: a pass of an earlier attempt does not skip the shadow': [
    record(FIRST_POSITION),
    facts(PASS),
    'shadow',
  ],

  'shadow: collects': [record(SHADOW), facts(), null],
  'shadow: waits before the first analysis': [record(SHADOW), facts({ analysis: null }), null],
  'shadow: pass waits for approval': [record(SHADOW), facts(PASS), 'paused(approval)'],
  'shadow: pass goes on where no approval is required': [
    record(SHADOW),
    facts({ ...PASS, ...AUTOMATIC }),
    'promoting',
  ],
  'shadow: pass under a hold is held': [record(SHADOW), facts({ ...PASS, ...HOLD }), 'paused(held)'],
  'shadow: pass under a hold is held also where no approval is required': [
    record(SHADOW),
    facts({ ...PASS, ...HOLD, ...AUTOMATIC }),
    'paused(held)',
  ],
  'shadow: fail by errors': [record(SHADOW), facts(FAIL), 'failed(errors)'],
  'shadow: fail by an invariant': [
    record(SHADOW),
    facts({ analysis: analysis('fail', 'invariant') }),
    'failed(invariant)',
  ],
  'shadow: inconclusive pauses': [
    record(SHADOW),
    facts({ analysis: analysis('inconclusive', 'shed') }),
    'paused(inconclusive)',
  ],
  'shadow: no data pauses': [
    record(SHADOW),
    facts({ analysis: analysis('noData', 'maxDuration') }),
    'paused(noData)',
  ],
  'shadow: an approval without a verdict does nothing': [record(SHADOW), facts(APPROVED), null],

  'paused(approval): approved goes on': [record(APPROVAL), facts({ ...PASS, ...APPROVED }), 'promoting'],
  'paused(approval): waits': [record(APPROVAL), facts(PASS), null],
  'paused(approval): fail beats the approval': [
    record(APPROVAL),
    facts({ ...FAIL, ...APPROVED }),
    'failed(errors)',
  ],
  'paused(approval): ends after seven days': [
    record(APPROVAL, 'evidence', NOW - decisionTimeoutMs),
    facts(PASS),
    'aborted(deadline)',
  ],
  'paused(approval): does not go on without its pass': [record(APPROVAL), facts(APPROVED), null],
  'paused(approval): an approval older than a hold does not go on': [
    record(APPROVAL),
    facts({ ...PASS, approvals: { required: 1, givenAtMs: [NOW - 20] }, ...HOLD }),
    null,
  ],
  'paused(approval): an approval under a hold goes on': [
    record(APPROVAL),
    facts({ ...PASS, ...APPROVED, ...HOLD }),
    'promoting',
  ],

  'paused(inconclusive): retry goes back to shadow': [
    record(INCONCLUSIVE),
    facts({ act: act('retry') }),
    'shadow',
  ],
  'paused(inconclusive): an approval is not enough': [
    record(INCONCLUSIVE),
    facts({ ...PASS, ...APPROVED }),
    null,
  ],
  'paused(inconclusive): evidence may still fail it': [record(INCONCLUSIVE), facts(FAIL), 'failed(errors)'],
  'paused(noData): retry goes back to shadow': [record(NO_DATA), facts({ act: act('retry') }), 'shadow'],
  'paused(noData): ends after seven days': [
    record(NO_DATA, 'evidence', NOW - decisionTimeoutMs),
    facts(),
    'aborted(deadline)',
  ],
  'paused(noData): waits': [record(NO_DATA), facts(), null],

  'paused(held): waits without a deadline': [record(HELD, 'evidence', 0), facts({ ...PASS, ...HOLD }), null],
  'paused(held): released waits for approval': [record(HELD), facts(PASS), 'paused(approval)'],
  'paused(held): released goes on where no approval is required': [
    record(HELD),
    facts({ ...PASS, ...AUTOMATIC }),
    'promoting',
  ],
  'paused(held): released goes on for immediate': [record(HELD, 'immediate'), facts(), 'promoting'],
  'paused(held): approved goes on under the hold': [
    record(HELD),
    facts({ ...PASS, ...HOLD, ...APPROVED }),
    'promoting',
  ],
  'paused(held): approved goes on for immediate': [
    record(HELD, 'immediate'),
    facts({ ...HOLD, ...APPROVED }),
    'promoting',
  ],

  'promoting: commits when every joined node has it available': [
    record(PROMOTING),
    facts({ ...PASS, ...APPROVED }),
    'succeeded',
  ],
  'promoting: commits a first version without approval': [
    record(PROMOTING, 'first'),
    facts(FIRST_LIVE),
    'succeeded',
  ],
  'promoting: does not commit with no joined node': [
    record(PROMOTING),
    facts({ ...PASS, ...APPROVED, nodes: [] }),
    null,
  ],
  'promoting: waits for a node': [
    record(PROMOTING),
    facts({ ...PASS, ...APPROVED, nodes: [node('available'), node('pending')] }),
    null,
  ],
  'promoting: pauses for a node that lags': [
    record(PROMOTING, 'evidence', NOW - promoteTimeoutMs),
    facts({ ...PASS, ...APPROVED, nodes: [node('pending')] }),
    'paused(nodesLagging)',
  ],
  'promoting: pauses for a node that lost it': [
    record(PROMOTING),
    facts({ ...PASS, ...APPROVED, nodes: [node('error')] }),
    'paused(nodesLagging)',
  ],
  'promoting: fails by evidence until commit': [
    record(PROMOTING),
    facts({ ...FAIL, ...APPROVED }),
    'failed(errors)',
  ],
  'promoting: a new hold holds it': [
    record(PROMOTING),
    facts({ ...PASS, approvals: { required: 1, givenAtMs: [0] }, ...HOLD }),
    'paused(held)',
  ],
  'promoting: goes back when its approval is void': [record(PROMOTING), facts(PASS), 'paused(approval)'],
  'promoting: does not commit without its pass': [record(PROMOTING), facts(APPROVED), null],

  'paused(nodesLagging): goes on when they caught up': [
    record(LAGGING),
    facts({ ...PASS, ...APPROVED }),
    'promoting',
  ],
  'paused(nodesLagging): waits without a deadline': [
    record(LAGGING, 'evidence', 0),
    facts({ ...PASS, nodes: [node('pending')] }),
    null,
  ],
}

describe('decideRollout', () => {
  it.each(Object.entries(TABLE))('%s', (_, [rollout, given, to]) => {
    const transition = decideRollout(rollout, given)
    expect(transition && written(transition.to)).toBe(to)
  })

  const OPEN = {
    preparing: FIRST_POSITION,
    SHADOW,
    PROMOTING,
    APPROVAL,
    INCONCLUSIVE,
    NO_DATA,
    HELD,
    LAGGING,
  }
  describe.each(Object.entries(OPEN))('in every open state, as %s', (_, position) => {
    it.each<[string, Partial<RolloutFacts>, string]>([
      ['ends when a person aborts it', { act: act('abort') }, 'aborted(byUser)'],
      ['fails when a person rejects it', { act: act('reject') }, 'failed(rejected)'],
      [
        'ends when another version went live',
        { live: { number: 9, digest: 'digest-9' } },
        'aborted(baselineChanged)',
      ],
      ['ends when live was taken off', { live: null }, 'aborted(baselineChanged)'],
      ['ends when its policy changed', { policyHash: 'other' }, 'aborted(policyChanged)'],
      ['ends when it left Git', { candidateAtTip: false }, 'aborted(deletedInGit)'],
      ['ends when a newer version is wished', { supersededBy: 3 }, 'aborted(superseded)'],
      ['ends when its digest was withdrawn', { candidateStanding: 'withdrawn' }, 'aborted(byUser)'],
    ])('%s', (_name, changes, to) => {
      const transition = decideRollout(record(position), facts({ ...PASS, ...APPROVED, ...changes }))
      expect(transition && written(transition.to)).toBe(to)
      expect(transition?.to.step).toBe(position.step)
    })
  })

  it('does not end a first version for a change of policy: nothing is judged by it', () => {
    const given = facts({ ...FIRST_LIVE, policyHash: 'other' })
    expect(decideRollout(record(PROMOTING, 'first'), given)?.to.state).toBe('succeeded')
  })

  it.each<RolloutPosition>([
    { state: 'succeeded', step: 'promoting', reason: null },
    { state: 'failed', step: 'shadow', reason: 'errors' },
    { state: 'aborted', step: 'approval', reason: 'superseded' },
  ])('never moves what has ended: $state', (position) => {
    expect(decideRollout(record(position), facts({ act: act('abort'), live: null }))).toBeNull()
    expect(isOpen(position)).toBe(false)
  })

  it.each<[string, RolloutRecord, RolloutFacts, string]>([
    ['who rejected', record(APPROVAL), facts({ act: act('reject') }), 'local:ada rejected it: looks odd'],
    [
      'which node',
      record(FIRST_POSITION),
      facts({ nodes: [node('error', { detail: 'needs 1.9 GiB' })] }),
      'v2 does not load on serving-a: needs 1.9 GiB',
    ],
    [
      'how long',
      record(FIRST_POSITION, 'evidence', 0),
      facts({ nodes: [node('pending')] }),
      'v2 was not available on serving-a after 10 min',
    ],
    ['which gate', record(SHADOW), facts(FAIL), 'v2 failed the gate errors'],
    [
      'which invariant',
      record(SHADOW),
      facts({ analysis: analysis('fail', 'invariant') }),
      'v2 failed an invariant: output `label` is missing',
    ],
    [
      'that nobody decided',
      record(APPROVAL, 'evidence', 0),
      facts({ ...PASS, nowMs: decisionTimeoutMs }),
      'nobody decided in 7 d',
    ],
    ['what is live now', record(SHADOW), facts({ live: null }), 'no version is live now'],
  ])('says %s', (_, rollout, given, detail) => {
    expect(decideRollout(rollout, given)?.detail).toBe(detail)
  })

  it('does not mistake a malformed verdict for a fail', () => {
    expect(decideRollout(record(SHADOW), facts({ analysis: analysis('fail', 'maxDuration') }))).toBeNull()
  })
})

describe('the table of transitions', () => {
  it('ends in final states only', () => {
    for (const phase of PHASES) {
      const ends = Object.keys(TRANSITIONS[phase]).length === 0
      expect(ends).toBe(phase === 'succeeded' || phase === 'failed' || phase === 'aborted')
    }
  })

  it('refuses whatever is not in it', () => {
    for (const position of [FIRST_POSITION, SHADOW, APPROVAL, PROMOTING]) {
      const row: Readonly<Record<string, string>> = TRANSITIONS[phaseOf(position)]
      for (const cause of CAUSES) {
        if (cause === 'failed' || cause === 'aborted') continue
        const move = () => applyMove(position, { cause, detail: '' })
        const to = row[cause]
        if (to === undefined)
          expect(move).toThrow(expect.objectContaining({ code: 'rollout.invalid_transition' }))
        else expect(phaseOf(move().to)).toBe(to)
      }
    }
  })

  it('knows no rollout that progresses at approval', () => {
    const impossible = { state: 'progressing', step: 'approval', reason: null } as const
    expect(() => phaseOf(impossible)).toThrow(expect.objectContaining({ code: 'rollout.invalid_transition' }))
  })
})
