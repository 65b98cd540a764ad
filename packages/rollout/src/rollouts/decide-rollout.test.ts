import { describe, expect, it } from 'vitest'
import { decideRollout, isReadyToCommit } from './decide-rollout.ts'
import {
  APPROVED,
  act,
  analysis,
  approvalOf,
  BAKING,
  CANARY_POLICY,
  FAIL,
  facts,
  HOLD,
  NOW,
  node,
  ONE,
  ofKind,
  PASS,
  PHASE_OF_POSITION,
  PLAIN_POLICY,
  POSITIONS,
  type PositionName,
  policy,
  record,
  written,
} from './rollout.fixture.ts'
import { DEFAULT_LIMITS, type RolloutFacts, type RolloutRecord } from './rollout-facts.ts'
import { isOpen, PHASES, phaseOf, type RolloutPosition } from './rollout-position.ts'
import { applyMove, CAUSES, type Move, mayMove, TRANSITIONS } from './transitions.ts'

const { prepareTimeoutMs } = DEFAULT_LIMITS
const { decisionTimeout } = PLAIN_POLICY
const AUTOMATIC = { policy: policy('{approval: {required: 0}}') }
const FIRST = { live: null, analysis: null }
const FROZEN = { frozenUntilMs: NOW + 1 }
const NOW_BY_ADA = { actor: 'local:ada', reason: 'quiet model', atMs: NOW }

type Row = readonly [rollout: RolloutRecord, facts: RolloutFacts, to: string | null]

/** What the paper's table leaves to the text around it. */
const RULES: Readonly<Record<string, Row>> = {
  'waits while no node has joined': [
    record('preparing', { sinceMs: 0 }),
    facts({ nodes: [], nowMs: decisionTimeout - 1 }),
    null,
  ],
  'gives a node that joined late its own time': [
    record('preparing'),
    facts({
      nowMs: NOW + 2 * prepareTimeoutMs,
      nodes: [node('pending', { joinedAtMs: NOW + prepareTimeoutMs + 1 })],
    }),
    null,
  ],
  'waits no longer for a node that joins anew again and again': [
    record('preparing', { sinceMs: 0 }),
    facts({ nowMs: decisionTimeout, nodes: [node('pending', { joinedAtMs: decisionTimeout - 1 })] }),
    'failed(load)',
  ],
  'makes a first version live without evidence or approval': [
    ofKind('preparing', 'first'),
    facts(FIRST),
    'promoting',
  ],
  'makes an immediate one live without evidence or approval': [
    ofKind('preparing', 'immediate'),
    facts({ analysis: null }),
    'promoting',
  ],
  'lets the bytes of live return without evidence or approval': [
    ofKind('preparing', 'returning'),
    facts({ analysis: null }),
    'promoting',
  ],
  'holds an immediate one under a hold': [ofKind('preparing', 'immediate'), facts(HOLD), 'paused(held)'],
  'knows no canary of an immediate one': [
    ofKind('held', 'immediate'),
    facts({ policy: CANARY_POLICY }),
    'promoting',
  ],
  'knows no bake of an immediate one': [
    ofKind('promoting', 'immediate'),
    facts({ policy: CANARY_POLICY }),
    'succeeded',
  ],
  'knows no bake of a first one': [
    ofKind('promoting', 'first'),
    facts({ ...FIRST, policy: CANARY_POLICY }),
    'succeeded',
  ],
  'does not skip the shadow for a pass of an earlier attempt': [record('preparing'), facts(PASS), 'shadow'],
  'goes on from shadow where no approval is required': [
    record('shadow'),
    facts({ ...PASS, ...AUTOMATIC }),
    'promoting',
  ],
  'holds a pass also where no approval is required': [
    record('shadow'),
    facts({ ...PASS, ...HOLD, ...AUTOMATIC }),
    'paused(held)',
  ],
  'takes an approval without a verdict for nothing': [record('shadow'), facts(APPROVED), null],
  'holds what waits for approval when a hold begins': [
    record('approval'),
    facts({ ...PASS, ...HOLD }),
    'paused(held)',
  ],
  'takes an approval older than a hold for nothing': [
    record('approval'),
    facts({ ...PASS, ...HOLD, approvals: [approvalOf('local:ada', { atMs: NOW - 20 })] }),
    'paused(held)',
  ],
  'lets an approval under a hold go on': [
    record('approval'),
    facts({ ...PASS, ...APPROVED, ...HOLD }),
    'promoting',
  ],
  'does not go on without its pass': [record('approval'), facts(APPROVED), null],
  'approves nothing that is not decided': [record('inconclusive'), facts({ ...PASS, ...APPROVED }), null],
  'lets a released immediate one go on': [ofKind('held', 'immediate'), facts(), 'promoting'],
  'lets an approved immediate one go on under the hold': [
    ofKind('held', 'immediate'),
    facts({ ...HOLD, ...APPROVED, approvals: [approvalOf('local:ada')] }),
    'promoting',
  ],
  'lets a hold begin while a canary runs': [
    record('canary'),
    facts({ ...PASS, ...HOLD, policy: CANARY_POLICY }),
    null,
  ],
  'holds at promotion when a hold began in the canary': [
    record('promotingAfterCanary'),
    facts({ ...PASS, approvals: [approvalOf('local:ada', { atMs: 0 })], ...HOLD }),
    'paused(held)',
  ],
  'does not go through its canary twice': [
    record({ ...POSITIONS.approval, weightIndex: 1 }),
    facts({ ...PASS, ...APPROVED, policy: CANARY_POLICY }),
    'promoting',
  ],
  'lets an undecided canary go on where it was': [
    record('inconclusiveCanary'),
    facts({ ...PASS, act: act('retry'), policy: CANARY_POLICY }),
    'canary(5)',
  ],
  'waits for a weight whose least time is longer than the most': [
    record('canary'),
    facts({
      ...PASS,
      nowMs: NOW + 2 * 3_600_000,
      policy: policy('{canary: [5], canaryMinDuration: 3h, shadow: {maxDuration: 1h}}'),
    }),
    null,
  ],

  'commits when every joined node has it available': [
    record('promoting'),
    facts({ ...PASS, ...APPROVED }),
    'succeeded',
  ],
  'commits on no node that has not joined': [
    record('promoting'),
    facts({ ...PASS, ...APPROVED, nodes: [] }),
    null,
  ],
  'waits for a node': [
    record('promoting'),
    facts({ ...PASS, ...APPROVED, nodes: [node('available'), node('pending')] }),
    null,
  ],
  'pauses for a node that lost it': [
    record('promoting'),
    facts({ ...PASS, ...APPROVED, nodes: [node('error')] }),
    'paused(nodesLagging)',
  ],
  'goes back when its approval is void': [record('promoting'), facts(PASS), 'paused(approval)'],
  'goes back when its approval expired': [
    record('promoting'),
    facts({ ...PASS, approvals: [approvalOf('local:ada', { expiresAtMs: NOW })] }),
    'paused(approval)',
  ],
  'goes back when its pass is gone': [record('promoting'), facts(APPROVED), 'paused(inconclusive)'],
  'goes on when the nodes caught up': [record('nodesLagging'), facts({ ...PASS, ...APPROVED }), 'promoting'],
  'gives nodes that lag up when nobody mended them': [
    record('nodesLagging', { sinceMs: 0 }),
    facts({ ...PASS, nodes: [node('pending')], nowMs: decisionTimeout }),
    'aborted(deadline)',
  ],
  'does not wait for a node that left': [
    record('nodesLagging'),
    facts({ ...PASS, ...APPROVED, nodes: [node('available')] }),
    'promoting',
  ],

  'holds a promotion back in a freeze window': [
    record('promoting'),
    facts({ ...PASS, ...APPROVED, ...FROZEN }),
    'paused(frozen)',
  ],
  'holds an immediate one back in a freeze window': [
    ofKind('promoting', 'immediate'),
    facts(FROZEN),
    'paused(frozen)',
  ],
  'lets a canary begin in a freeze window': [
    record('approval'),
    facts({ ...PASS, ...APPROVED, ...FROZEN, policy: CANARY_POLICY }),
    'canary(5)',
  ],
  'waits as long as the window stands': [
    record('frozen', { sinceMs: 0 }),
    facts({ ...PASS, ...FROZEN, nowMs: NOW }),
    null,
  ],
  'goes on when the window is over': [record('frozen'), facts({ ...PASS, frozenUntilMs: NOW }), 'promoting'],
  'holds no rollback back in a freeze window': [
    record('bake'),
    facts({ ...BAKING, ...FAIL, ...FROZEN }),
    'failed(rolledBack)',
  ],
  'holds no rollback back under a hold': [
    record('bake'),
    facts({ ...BAKING, ...FAIL, ...HOLD }),
    'failed(rolledBack)',
  ],

  'takes off by an invariant what crashed in its bake': [
    record('bake'),
    facts({ ...BAKING, analysis: analysis('fail', { reason: 'invariant' }) }),
    'failed(rolledBack)',
  ],
  'fails without a rollback where nothing is left to go back to': [
    record('bake'),
    facts({ ...BAKING, ...FAIL, previous: null }),
    'failed(errors)',
  ],
  'ends when a person rolled back in the bake': [
    record('bake'),
    facts({ ...BAKING, live: ONE }),
    'failed(rolledBack)',
  ],
  'ends when the model was retired in the bake': [
    record('bake'),
    facts({ ...BAKING, live: null }),
    'failed(rolledBack)',
  ],
  'bakes on whatever becomes of doubts': [
    record('bake'),
    facts({ ...BAKING, analysis: analysis('inconclusive', { reason: 'shed' }) }),
    null,
  ],
  'lets nobody pause a bake': [record('bake'), facts({ ...BAKING, act: act('pause') }), null],

  'goes live without a verdict when a person insists': [
    record('promoting', { promotedNow: NOW_BY_ADA }),
    facts({ analysis: analysis('noData') }),
    'succeeded',
  ],
  'bakes also what a person insisted on': [
    record('promoting', { promotedNow: NOW_BY_ADA }),
    facts({ policy: CANARY_POLICY }),
    'bake',
  ],
  'insists against evidence for nothing': [
    record('promoting', { promotedNow: NOW_BY_ADA }),
    facts(FAIL),
    'failed(errors)',
  ],
  'ends a hold by insisting under it': [
    record('promoting', { promotedNow: NOW_BY_ADA }),
    facts(HOLD),
    'succeeded',
  ],
  'does not get past a hold that is newer': [
    record('promoting', { promotedNow: NOW_BY_ADA }),
    facts({ heldSinceMs: NOW + 1 }),
    'paused(held)',
  ],
  'goes on when that hold ends': [
    record('heldPromoting', { promotedNow: NOW_BY_ADA }),
    facts({ policy: CANARY_POLICY }),
    'promoting',
  ],
  'does not get past nodes that are not ready': [
    record('promoting', { promotedNow: NOW_BY_ADA }),
    facts({ nodes: [node('pending')] }),
    null,
  ],
  'does not get past a freeze window': [
    record('promoting', { promotedNow: NOW_BY_ADA }),
    facts(FROZEN),
    'paused(frozen)',
  ],

  'never goes live alone with a release': [
    record('promoting'),
    facts({ ...PASS, ...APPROVED, release: { name: 'spring', waitingFor: ['rose'] } }),
    null,
  ],
  'goes live with its release': [
    record('promoting'),
    facts({ ...PASS, ...APPROVED, release: { name: 'spring', waitingFor: [] } }),
    'succeeded',
  ],
  'gives a release up that never comes together': [
    record('promoting', { sinceMs: 0 }),
    facts({
      ...PASS,
      approvals: [approvalOf('local:ada')],
      nowMs: decisionTimeout,
      release: { name: 'spring', waitingFor: ['rose'] },
    }),
    'aborted(deadline)',
  ],

  'rehearses in a shadow': [ofKind('preparing', 'rehearsal'), facts(), 'shadow'],
  'ends a rehearsal at its pass': [
    ofKind('shadow', 'rehearsal'),
    facts({ ...PASS, ...APPROVED }),
    'aborted(rehearsed)',
  ],
  'ends a rehearsal at its fail': [ofKind('shadow', 'rehearsal'), facts(FAIL), 'aborted(rehearsed)'],
  'ends a rehearsal without data': [
    ofKind('shadow', 'rehearsal'),
    facts({ analysis: analysis('noData') }),
    'aborted(rehearsed)',
  ],
  'ends a rehearsal that is not decided': [
    ofKind('shadow', 'rehearsal'),
    facts({ analysis: analysis('inconclusive') }),
    'aborted(rehearsed)',
  ],
  'lets a rehearsal run under a hold': [ofKind('shadow', 'rehearsal'), facts(HOLD), null],
}

describe('decideRollout', () => {
  it.each(Object.entries(RULES))('%s', (_, [rollout, given, to]) => {
    const transition = decideRollout(rollout, given)
    expect(transition && written(transition.to)).toBe(to)
  })

  const open = (Object.keys(POSITIONS) as PositionName[]).filter((name) => name !== 'bake')
  describe.each(open)('in every open state, as %s', (name) => {
    it.each<[string, Partial<RolloutFacts>, string]>([
      ['ends when a person aborts it', { act: act('abort') }, 'aborted(byUser)'],
      [
        'ends when another version went live',
        { live: { number: 9, digest: 'd' } },
        'aborted(baselineChanged)',
      ],
      ['ends when live was taken off', { live: null }, 'aborted(baselineChanged)'],
      ['ends when its policy changed', { policyHash: 'other' }, 'aborted(policyChanged)'],
      ['ends when it left Git', { candidateAtTip: false }, 'aborted(deletedInGit)'],
      ['ends when a newer version is wished', { supersededBy: 3 }, 'aborted(superseded)'],
      ['ends when its digest was withdrawn', { candidateStanding: 'withdrawn' }, 'aborted(byUser)'],
      ['ends by evidence', FAIL, 'failed(errors)'],
    ])('%s', (_name, changes, to) => {
      const transition = decideRollout(record(name), facts({ ...PASS, ...APPROVED, ...HOLD, ...changes }))
      expect(transition && written(transition.to)).toBe(to)
      expect(transition?.to).toMatchObject({
        step: POSITIONS[name].step,
        weightIndex: POSITIONS[name].weightIndex,
      })
    })

    it('is paused by a person, whatever the facts', () => {
      if (PHASE_OF_POSITION[name] === 'pausedByUser') return
      const transition = decideRollout(record(name), facts({ ...PASS, ...APPROVED, act: act('pause', '') }))
      expect(transition?.detail).toBe('local:ada paused it')
      expect(transition?.to).toEqual({ ...POSITIONS[name], state: 'paused', reason: 'byUser' })
    })
  })

  it.each<[PositionName, string]>([
    ['pausedPreparing', 'preparing'],
    ['pausedShadow', 'shadow'],
    ['pausedCanary', 'canary(25)'],
    ['pausedPromoting', 'promoting'],
    ['pausedAtApproval', 'paused(approval)'],
  ])('goes back from %s to %s when a person lets it go on', (name, to) => {
    const transition = decideRollout(record(name), facts({ act: act('resume') }))
    expect(transition && written(transition.to)).toBe(to)
    expect(decideRollout(record(name, { sinceMs: 0 }), facts({ ...PASS, ...APPROVED }))).toBeNull()
  })

  it('moves the label with a commit, back with a rollback, and with nothing else', () => {
    const effects = [
      decideRollout(record('promoting'), facts({ ...PASS, ...APPROVED })),
      decideRollout(record('promoting'), facts({ ...PASS, ...APPROVED, policy: CANARY_POLICY })),
      decideRollout(record('bake'), facts({ ...BAKING, ...FAIL })),
      decideRollout(record('bake'), facts({ ...BAKING, live: ONE })),
      decideRollout(record('shadow'), facts(PASS)),
    ].map((transition) => transition?.effect)
    expect(effects).toEqual(['promote', 'promote', 'rollBack', null, null])
  })

  it('knows of a member of a release whether it would go live if it went alone', () => {
    const waiting = { release: { name: 'spring', waitingFor: ['rose'] } }
    expect(isReadyToCommit(record('promoting'), facts({ ...PASS, ...APPROVED, ...waiting }))).toBe(true)
    expect(isReadyToCommit(record('promoting'), facts({ ...PASS, ...waiting }))).toBe(false)
    expect(isReadyToCommit(record('canary'), facts({ ...PASS, ...APPROVED, ...waiting }))).toBe(false)
  })

  it('does not end a first version for a change of policy: nothing is judged by it', () => {
    const given = facts({ ...FIRST, policyHash: 'other' })
    expect(decideRollout(ofKind('promoting', 'first'), given)?.to.state).toBe('succeeded')
  })

  it.each<RolloutPosition>([
    { state: 'succeeded', step: 'promoting', weightIndex: null, reason: null },
    { state: 'failed', step: 'shadow', weightIndex: null, reason: 'errors' },
    { state: 'aborted', step: 'approval', weightIndex: null, reason: 'superseded' },
  ])('never moves what has ended: $state', (position) => {
    expect(decideRollout(record(position), facts({ act: act('abort'), live: null }))).toBeNull()
    expect(isOpen(position)).toBe(false)
  })

  it.each<[string, RolloutRecord, Partial<RolloutFacts>, string]>([
    ['who rejected', record('approval'), { act: act('reject') }, 'local:ada rejected it: looks odd'],
    [
      'which node',
      record('preparing'),
      { nodes: [node('error', { detail: 'needs 1.9 GiB' })] },
      'v2 does not load on serving-a: needs 1.9 GiB',
    ],
    [
      'how long',
      record('preparing', { sinceMs: 0 }),
      { nodes: [node('pending')] },
      'v2 was not available on serving-a after 10 min',
    ],
    ['which gate', record('shadow'), FAIL, 'v2 failed the gate errors'],
    [
      'which invariant',
      record('shadow'),
      { analysis: analysis('fail', { reason: 'invariant' }) },
      'v2 failed an invariant: output `label` is missing',
    ],
    [
      'that nobody decided',
      record('approval', { sinceMs: NOW - decisionTimeout }),
      PASS,
      'nobody decided in 7 d',
    ],
    ['what is live now', record('shadow'), { live: null }, 'no version is live now'],
    ['who approved', record('approval'), { ...PASS, ...APPROVED }, 'v2 goes live, approved by local:ada'],
    [
      'that one local user stood for several people',
      record('approval'),
      { ...PASS, ...APPROVED, policy: policy('{approval: {required: 2}}') },
      'v2 goes live, approved by local:ada; the policy asks for 2, but there is no login yet',
    ],
    [
      'which weight',
      record('approval'),
      { ...PASS, ...APPROVED, policy: CANARY_POLICY },
      'v2 answers 5 % of requests, approved by local:ada',
    ],
    [
      'until when it is frozen',
      record('promoting'),
      { ...PASS, ...APPROVED, frozenUntilMs: NOW + 1 },
      'a freeze window holds v2 back until 1970-01-12T13:46:40.001Z',
    ],
    [
      'who judges in the bake',
      record('promoting'),
      { ...PASS, ...APPROVED, policy: CANARY_POLICY },
      'v2 went live; v1 judges it for 10 min',
    ],
    [
      'why it is taken off',
      record('bake'),
      { ...BAKING, ...FAIL },
      'v2 failed the gate errors in its bake; v1 is live again',
    ],
    [
      'why it stays',
      record('bake'),
      { ...BAKING, ...FAIL, previous: null },
      'v2 failed the gate errors in its bake and stays live: there is no version to go back to',
    ],
    [
      'who insisted',
      record('promoting', { promotedNow: NOW_BY_ADA }),
      {},
      'v2 went live without its verdict, by local:ada: quiet model',
    ],
    ['what was rehearsed', ofKind('shadow', 'rehearsal'), FAIL, 'v2 failed the gate errors in its rehearsal'],
  ])('says %s', (_, rollout, changes, detail) => {
    expect(decideRollout(rollout, facts(changes))?.detail).toBe(detail)
  })

  it('does not mistake a malformed verdict for a fail', () => {
    const malformed = facts({ analysis: analysis('fail', { reason: 'maxDuration' }) })
    expect(decideRollout(record('shadow'), malformed)).toBeNull()
  })
})

describe('the table of transitions', () => {
  it('ends in final states only', () => {
    for (const phase of PHASES) {
      const ends = Object.keys(TRANSITIONS[phase]).length === 0
      expect(ends).toBe(phase === 'succeeded' || phase === 'failed' || phase === 'aborted')
    }
  })

  it('knows the state of every position', () => {
    for (const [name, phase] of Object.entries(PHASE_OF_POSITION)) {
      expect(phaseOf(POSITIONS[name as PositionName])).toBe(phase)
    }
    const open = PHASES.filter((phase) => Object.keys(TRANSITIONS[phase]).length > 0)
    expect(new Set(Object.values(PHASE_OF_POSITION))).toEqual(new Set(open))
  })

  const moves: readonly Move[] = CAUSES.flatMap((cause): readonly Move[] => {
    switch (cause) {
      case 'failed':
        return [{ cause, reason: 'load', detail: '' }]
      case 'aborted':
        return [{ cause, reason: 'byUser', detail: '' }]
      case 'rejected':
      case 'rolledBack':
      case 'takenOff':
        return [{ cause, detail: '' }]
      default:
        return PHASES.flatMap((to) =>
          to === 'failed' || to === 'aborted' ? [] : [{ cause, to, detail: '' }],
        )
    }
  })

  it.each(Object.values(POSITIONS))('refuses whatever is not in it, at $state $step $reason', (position) => {
    const row: Readonly<Record<string, readonly string[]>> = TRANSITIONS[phaseOf(position)]
    for (const move of moves) {
      const to = 'to' in move ? move.to : move.cause === 'aborted' ? 'aborted' : 'failed'
      const apply = () => applyMove(position, move)
      expect(mayMove(position, move.cause)).toBe(move.cause in row)
      if (row[move.cause]?.includes(to)) expect(phaseOf(apply().to)).toBe(to)
      else expect(apply).toThrow(expect.objectContaining({ code: 'rollout.invalid_transition' }))
    }
  })

  it('knows no rollout that progresses at approval', () => {
    const impossible = { state: 'progressing', step: 'approval', weightIndex: null, reason: null } as const
    expect(() => phaseOf(impossible)).toThrow(expect.objectContaining({ code: 'rollout.invalid_transition' }))
  })
})
