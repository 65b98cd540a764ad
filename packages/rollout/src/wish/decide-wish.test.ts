import { describe, expect, it } from 'vitest'
import { carryDrift } from './decide-drift.ts'
import { decideWish } from './decide-wish.ts'
import { baking, input, rollout, standing, version } from './wish.fixture.ts'
import type { WishInput } from './wish.ts'

const asked = (number: number) => ({ number, rehearsal: false })
const REHEARSE_2 = { requested: { number: 2, rehearsal: true } }
const REHEARSING_2 = { rollout: rollout(2, 1, { kind: 'rehearsal' }) }

const none = { type: 'none' }
const start = (number: number, kind = 'evidence') => ({ type: 'start', number, kind })

interface Expected {
  readonly act: object
  readonly drift: string | null
  readonly wish?: number | null
}

const WITHDRAWN_2 = standing(2, 'withdrawn')
const FAILED_2 = standing(2, 'failed')

const CASES: Readonly<Record<string, readonly [WishInput, Expected]>> = {
  'starts nothing when the newest is live': [input({ live: 2 }), { act: none, drift: null, wish: 2 }],
  'wishes nothing for a model without versions': [
    input({ live: null, tip: [] }),
    { act: none, drift: null, wish: null },
  ],
  'tries the highest validated number': [
    input({ tip: [version(3), version(1), version(2)] }),
    { act: start(3), drift: 'rolloutRunning', wish: 3 },
  ],
  'makes the first version live without evidence': [
    input({ live: null, tip: [version(1)] }),
    { act: start(1, 'first'), drift: 'rolloutRunning' },
  ],
  'takes the highest of ten when no version is live': [
    input({ live: null, tip: Array.from({ length: 10 }, (_, index) => version(index + 1)) }),
    { act: start(10, 'first'), drift: 'rolloutRunning' },
  ],
  'takes an older first version when the newest failed to load': [
    input({ live: null, standings: FAILED_2 }),
    { act: start(1, 'first'), drift: 'rolloutFailed' },
  ],
  'promotes at once with the strategy immediate': [
    input({ strategy: 'immediate' }),
    { act: start(2, 'immediate'), drift: 'rolloutRunning' },
  ],
  'needs no evidence for the bytes that are live already': [
    input({ tip: [version(1), version(2, { digest: 'digest-1' })] }),
    { act: start(2, 'returning'), drift: 'rolloutRunning' },
  ],
  'asks for evidence for a proven digest that is not live': [
    input({ standings: standing(2, 'proven') }),
    { act: start(2), drift: 'rolloutRunning' },
  ],
  'waits for validation': [
    input({ tip: [version(1), version(2, { state: 'validating' })] }),
    { act: none, drift: 'validating', wish: 1 },
  ],
  'waits for a version that was just discovered': [
    input({ tip: [version(1), version(2, { state: 'discovered' })] }),
    { act: none, drift: 'validating' },
  ],
  'does not try a rejected version': [
    input({ tip: [version(1), version(2, { state: 'rejected', reason: 'not a model' })] }),
    { act: none, drift: 'rejected' },
  ],
  'tries a validated version below one that is validating': [
    input({ tip: [version(1), version(2), version(3, { state: 'validating' })] }),
    { act: start(2), drift: 'validating' },
  ],
  'does not try a withdrawn digest': [
    input({ standings: WITHDRAWN_2 }),
    { act: none, drift: 'withdrawn', wish: 1 },
  ],
  'does not try a withdrawn digest under a new number': [
    input({ tip: [version(1), version(2), version(3, { digest: 'digest-2' })], standings: WITHDRAWN_2 }),
    { act: none, drift: 'withdrawn' },
  ],
  'does not try a withdrawn digest on request either': [
    input({ standings: WITHDRAWN_2, requested: asked(2) }),
    { act: none, drift: 'withdrawn' },
  ],
  'does not try a failed digest again by itself': [
    input({ standings: FAILED_2 }),
    { act: none, drift: 'rolloutFailed', wish: 1 },
  ],
  'tries a failed digest again on request': [
    input({ standings: FAILED_2, requested: asked(2) }),
    { act: start(2), drift: 'rolloutRunning' },
  ],
  'never goes below live': [
    input({ live: 3, tip: [version(1), version(2), version(3)] }),
    { act: none, drift: null, wish: 3 },
  ],
  'never goes below live on request either': [
    input({ live: 3, tip: [version(1), version(2), version(3)], requested: asked(2) }),
    { act: none, drift: null },
  ],
  'waits for a person with a manual trigger': [
    input({ trigger: 'manual' }),
    { act: none, drift: 'manual', wish: 1 },
  ],
  'starts by hand what a person asked for': [
    input({ trigger: 'manual', requested: asked(2) }),
    { act: start(2), drift: 'rolloutRunning' },
  ],
  'tries a version under a hold, which keeps it from going live': [
    input({ held: true }),
    { act: start(2), drift: 'heldByOperator' },
  ],
  'names the withdrawal before the hold': [
    input({ held: true, standings: WITHDRAWN_2 }),
    { act: none, drift: 'withdrawn' },
  ],
  'names the failure before the hold': [
    input({ held: true, standings: FAILED_2 }),
    { act: none, drift: 'rolloutFailed' },
  ],
  'starts nothing in a stalled repository': [
    input({ stalled: true }),
    { act: none, drift: 'repositoryStalled', wish: 1 },
  ],
  'names a rejection also in a stalled repository': [
    input({ stalled: true, tip: [version(2, { state: 'rejected' })] }),
    { act: none, drift: 'rejected' },
  ],
  'keeps live what was deleted from Git': [
    input({ live: 2, tip: [version(1)] }),
    { act: none, drift: 'deletedInGit', wish: 2 },
  ],
  'keeps live what was deleted with its model': [
    input({ live: 2, tip: [] }),
    { act: none, drift: 'deletedInGit', wish: 2 },
  ],
  'lets an open rollout go on': [
    input({ rollout: rollout(2, 1) }),
    { act: none, drift: 'rolloutRunning', wish: 2 },
  ],
  'lets a rollout go on that was started by hand': [
    input({ trigger: 'manual', rollout: rollout(2, 1) }),
    { act: none, drift: 'rolloutRunning' },
  ],
  'lets a retried rollout go on although its digest failed before': [
    input({ standings: FAILED_2, rollout: rollout(2, 1) }),
    { act: none, drift: 'rolloutRunning' },
  ],
  'lets an open rollout go on in a stalled repository': [
    input({ stalled: true, tip: [version(1)], rollout: rollout(2, 1) }),
    { act: none, drift: null },
  ],
  'supersedes by a newer validated number': [
    input({ tip: [version(1), version(2), version(3)], rollout: rollout(2, 1) }),
    { act: { type: 'supersede', number: 3, kind: 'evidence' }, drift: 'rolloutRunning', wish: 3 },
  ],
  'does not supersede by a number that is validating': [
    input({ tip: [version(2), version(3, { state: 'validating' })], rollout: rollout(2, 1) }),
    { act: none, drift: 'validating' },
  ],
  'does not supersede by a rejected number': [
    input({ tip: [version(2), version(3, { state: 'rejected' })], rollout: rollout(2, 1) }),
    { act: none, drift: 'rejected' },
  ],
  'does not supersede by an older number that a person asked for': [
    input({ tip: [version(2), version(3)], rollout: rollout(3, 1), requested: asked(2) }),
    { act: none, drift: 'rolloutRunning' },
  ],
  'does not supersede without being asked with a manual trigger': [
    input({ trigger: 'manual', tip: [version(2), version(3)], rollout: rollout(2, 1) }),
    { act: none, drift: 'manual' },
  ],
  'aborts when another version went live': [
    input({ live: 3, tip: [version(1), version(2), version(3)], rollout: rollout(2, 1) }),
    { act: { type: 'abort', reason: 'baselineChanged' }, drift: null },
  ],
  'aborts a first rollout when a version is live by now': [
    input({ rollout: rollout(2, null) }),
    { act: { type: 'abort', reason: 'baselineChanged' }, drift: 'rolloutRunning' },
  ],
  'aborts when the candidate left Git': [
    input({ tip: [version(1)], rollout: rollout(2, 1) }),
    { act: { type: 'abort', reason: 'deletedInGit' }, drift: null },
  ],
  'aborts a withdrawn candidate': [
    input({ standings: WITHDRAWN_2, rollout: rollout(2, 1) }),
    { act: { type: 'abort', reason: 'byUser' }, drift: 'withdrawn' },
  ],
  'names lagging nodes, also under a hold that an approval ends': [
    input({ held: true, rollout: rollout(2, 1, { pauseReason: 'nodesLagging' }) }),
    { act: none, drift: 'nodeLagging' },
  ],
  'names the hold while the candidate is tried': [
    input({ held: true, rollout: rollout(2, 1, { pauseReason: 'held' }) }),
    { act: none, drift: 'heldByOperator' },
  ],

  'lets a bake go on when a newer version is validated': [
    input({ live: 2, tip: [version(2), version(3)], rollout: baking(2, 1) }),
    { act: none, drift: 'rolloutRunning', wish: 3 },
  ],
  'lets a bake go on when what is live left Git': [
    input({ live: 2, tip: [version(1)], rollout: baking(2, 1) }),
    { act: none, drift: 'deletedInGit', wish: 2 },
  ],
  'lets a bake go on in a stalled repository': [
    input({ live: 2, stalled: true, tip: [version(2)], rollout: baking(2, 1) }),
    { act: none, drift: null },
  ],
  'leaves the end of a bake that was rolled back to the rollout': [
    input({ live: 1, rollout: baking(2, 1), standings: WITHDRAWN_2 }),
    { act: none, drift: 'withdrawn' },
  ],
  'rehearses what a person asked for': [
    input({ trigger: 'manual', ...REHEARSE_2 }),
    { act: start(2, 'rehearsal'), drift: 'manual', wish: 1 },
  ],
  'rehearses a version first that would be tried anyway': [
    input(REHEARSE_2),
    { act: start(2, 'rehearsal'), drift: 'rolloutRunning', wish: 2 },
  ],
  'rehearses what failed': [
    input({ standings: FAILED_2, ...REHEARSE_2 }),
    { act: start(2, 'rehearsal'), drift: 'rolloutFailed' },
  ],
  'rehearses what is older than live': [
    input({ live: 3, tip: [version(2), version(3)], ...REHEARSE_2 }),
    { act: start(2, 'rehearsal'), drift: null },
  ],
  'rehearses under a hold': [
    input({ held: true, trigger: 'manual', ...REHEARSE_2 }),
    { act: start(2, 'rehearsal'), drift: 'heldByOperator' },
  ],
  'does not rehearse what is withdrawn': [
    input({ standings: WITHDRAWN_2, ...REHEARSE_2 }),
    { act: none, drift: 'withdrawn' },
  ],
  'does not rehearse without a live version to compare with': [
    input({ live: null, trigger: 'manual', ...REHEARSE_2 }),
    { act: none, drift: 'manual' },
  ],
  'does not rehearse the bytes that are live': [
    input({ trigger: 'manual', tip: [version(2, { digest: 'digest-1' })], ...REHEARSE_2 }),
    { act: none, drift: 'manual' },
  ],
  'does not rehearse in a stalled repository': [
    input({ stalled: true, ...REHEARSE_2 }),
    { act: none, drift: 'repositoryStalled' },
  ],
  'does not rehearse what is not in Git': [
    input({ trigger: 'manual', tip: [version(1)], ...REHEARSE_2 }),
    { act: none, drift: null },
  ],
  'lets a rehearsal wait for a version that is to go live': [
    input({ tip: [version(1), version(2), version(3)], standings: FAILED_2, ...REHEARSE_2 }),
    { act: start(3), drift: 'rolloutRunning' },
  ],
  'lets a rehearsal come to its end': [input(REHEARSING_2), { act: none, drift: 'rolloutRunning', wish: 2 }],
  'lets a rehearsal of what failed come to its end, which is no second try': [
    input({ standings: FAILED_2, ...REHEARSING_2 }),
    { act: none, drift: 'rolloutFailed', wish: 1 },
  ],
  'supersedes a rehearsal by a newer validated number': [
    input({ tip: [version(1), version(2), version(3)], ...REHEARSING_2 }),
    { act: { type: 'supersede', number: 3, kind: 'evidence' }, drift: 'rolloutRunning' },
  ],
}

describe('decideWish', () => {
  it.each(Object.entries(CASES))('%s', (_, [given, expected]) => {
    const decision = decideWish(given)
    expect(decision.act).toEqual(expected.act)
    expect(decision.drift?.reason ?? null).toBe(expected.drift)
    if (expected.wish !== undefined) expect(decision.wish).toBe(expected.wish)
  })

  it.each([
    [
      input({ standings: WITHDRAWN_2 }),
      'v2 is the newest in Git and was withdrawn and cannot go live until it is lifted; v1 is live',
    ],
    [
      input({ live: null, tip: [version(1, { state: 'rejected', reason: 'not a model' })] }),
      'v1 is the newest in Git and was rejected: not a model; no version is live',
    ],
    [input({ live: 2, tip: [] }), 'v2 is live and is no longer in Git'],
    [input({ rollout: rollout(2, 1) }), 'v2 is the newest in Git and is in rollout; v1 is live'],
    [
      input({ live: 2, tip: [version(2), version(3)], rollout: baking(2, 1) }),
      'v3 is the newest in Git and waits for the bake of v2; v2 is live',
    ],
    [input(REHEARSING_2), 'v2 is the newest in Git and is rehearsed first; v1 is live'],
    [input(), 'v2 is the newest in Git and is tried next; v1 is live'],
  ])('says what the drift is', (given, detail) => {
    expect(decideWish(given).drift?.detail).toBe(detail)
  })
})

describe('carryDrift', () => {
  const drift = { reason: 'validating', detail: 'v2 is being validated' } as const

  it('dates a new drift now, and keeps its age also when the reason changes', () => {
    const first = carryDrift(null, drift, 1_000)
    expect(first).toEqual({ ...drift, sinceMs: 1_000 })
    expect(carryDrift(first, { ...drift, reason: 'rolloutRunning' }, 9_000)).toMatchObject({
      reason: 'rolloutRunning',
      sinceMs: 1_000,
    })
  })

  it('forgets a drift that ended, so that the next one is young', () => {
    expect(carryDrift({ sinceMs: 1_000 }, null, 2_000)).toBeNull()
    expect(carryDrift(null, drift, 3_000)?.sinceMs).toBe(3_000)
  })
})
