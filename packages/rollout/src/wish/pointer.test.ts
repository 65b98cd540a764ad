import type { Standing } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { decideWish } from './decide-wish.ts'
import { baking, input, rollout, standing, version } from './wish.fixture.ts'
import type { Pointer, RolloutRequest, WishInput } from './wish.ts'

const FILE = 'environments/production.yaml'

function pointer(live: number, changes: Partial<Pointer> = {}): Pointer {
  return { live, file: FILE, changedAtMs: 2_000, settled: false, ...changes }
}

const carriedOut = (live: number) => pointer(live, { settled: true })
const TIP = [version(1), version(2), version(3)]

function standings(...rows: readonly (readonly [number, Standing])[]): ReadonlyMap<string, Standing> {
  return new Map(rows.map(([number, is]) => [`digest-${number}`, is]))
}

/** Version 3 is live and proven, 2 was live before. */
function served(changes: Parameters<typeof input>[0] = {}): WishInput {
  return input({ live: 3, tip: TIP, standings: standings([2, 'proven'], [3, 'proven']), ...changes })
}

const asked = (number: number): RolloutRequest => ({ number, rehearsal: false })

/** Of a rollout that began while the entry stood as it does. */
const SINCE = { startedAtMs: 3_000 }

const none = { type: 'none' }
const start = (number: number, kind = 'evidence') => ({ type: 'start', number, kind })
const supersede = (number: number, kind: string | null = 'evidence') => ({
  ...start(number),
  kind,
  type: 'supersede',
})

interface Expected {
  readonly act: object
  readonly drift: string | null
  /** Of the wish, where it is not the number of the entry. */
  readonly wish?: number
  readonly settles?: boolean
}

const CASES: Readonly<Record<string, readonly [WishInput, Expected]>> = {
  'returns at once to an older number that is proven': [
    served({ pointer: pointer(2) }),
    { act: start(2, 'returning'), drift: 'rolloutRunning' },
  ],
  'asks for evidence for an older number that was never tried': [
    served({ pointer: pointer(1) }),
    { act: start(1), drift: 'rolloutRunning' },
  ],
  'asks for evidence for a newer number that was never tried': [
    input({ pointer: pointer(2) }),
    { act: start(2), drift: 'rolloutRunning' },
  ],
  'returns to a newer number that is proven': [
    input({ pointer: pointer(2), standings: standing(2, 'proven') }),
    { act: start(2, 'returning'), drift: 'rolloutRunning' },
  ],
  'makes what it names the first version': [
    input({ live: null, tip: TIP, pointer: pointer(2) }),
    { act: start(2, 'first'), drift: 'rolloutRunning' },
  ],
  'goes live at once with the strategy immediate': [
    input({ strategy: 'immediate', pointer: pointer(2) }),
    { act: start(2, 'immediate'), drift: 'rolloutRunning' },
  ],
  'starts what it names also with a manual trigger': [
    input({ trigger: 'manual', pointer: pointer(2) }),
    { act: start(2), drift: 'rolloutRunning' },
  ],
  'is carried out when what it names is live already': [
    served({ pointer: pointer(3) }),
    { act: none, drift: null, settles: true },
  ],
  'keeps the trigger from starting what is newer': [
    input({ tip: TIP, pointer: carriedOut(1) }),
    { act: none, drift: 'pinned' },
  ],
  'keeps the trigger from starting anything while what it names is validated': [
    input({ tip: [version(1), version(2), version(3, { state: 'validating' })], pointer: pointer(3) }),
    { act: none, drift: 'validating' },
  ],
  'keeps the trigger from starting anything while no version is live': [
    input({ live: null, tip: [version(1), version(2, { state: 'rejected' })], pointer: pointer(2) }),
    { act: none, drift: 'rejected' },
  ],
  'leaves the trigger free where it names labels only': [
    input({ pointer: null }),
    { act: start(2), drift: 'rolloutRunning', wish: 2 },
  ],
  'does not start what is not in Git': [
    served({ pointer: pointer(7) }),
    { act: none, drift: 'deletedInGit' },
  ],
  'keeps live what it names although it left Git': [
    served({ tip: [version(1), version(2)], pointer: carriedOut(3) }),
    { act: none, drift: 'deletedInGit' },
  ],
  'does not try a withdrawn digest': [
    served({ standings: standing(2, 'withdrawn'), pointer: pointer(2) }),
    { act: none, drift: 'withdrawn' },
  ],
  'does not try a withdrawn digest on request either': [
    served({ standings: standing(2, 'withdrawn'), pointer: pointer(2), requested: asked(2) }),
    { act: none, drift: 'withdrawn' },
  ],
  'does not try a failed digest by itself': [
    served({ standings: standing(2, 'failed'), pointer: pointer(2) }),
    { act: none, drift: 'rolloutFailed' },
  ],
  'tries a failed digest again on request, with evidence, also below live': [
    served({ standings: standing(2, 'failed'), pointer: pointer(2), requested: asked(2) }),
    { act: start(2), drift: 'rolloutRunning' },
  ],
  'is tried under a hold, which keeps it from going live': [
    served({ held: true, pointer: pointer(2) }),
    { act: start(2, 'returning'), drift: 'heldByOperator' },
  ],
  'starts nothing in a stalled repository': [
    served({ stalled: true, pointer: pointer(2) }),
    { act: none, drift: 'repositoryStalled' },
  ],

  'does not undo a rollback of what it brought': [
    input({ live: 2, tip: TIP, standings: standing(3, 'withdrawn'), pointer: carriedOut(3) }),
    { act: none, drift: 'withdrawn' },
  ],
  'does not undo a rollback that withdrew nothing': [
    input({ live: 2, tip: TIP, standings: standing(3, 'failed'), pointer: carriedOut(3) }),
    { act: none, drift: 'rolloutFailed' },
  ],
  'lets what it brought be tried again on request after a rollback': [
    input({
      live: 2,
      tip: TIP,
      standings: standing(3, 'failed'),
      pointer: carriedOut(3),
      requested: asked(3),
    }),
    { act: start(3), drift: 'rolloutRunning' },
  ],
  "does not undo a person's promotion": [served({ pointer: carriedOut(2) }), { act: none, drift: 'pinned' }],
  'does not start what a promotion overtook, on request either: it is below live': [
    served({ pointer: carriedOut(2), requested: asked(2) }),
    { act: none, drift: 'pinned' },
  ],
  'lets a person start another version': [
    input({ tip: TIP, pointer: carriedOut(1), requested: asked(3) }),
    { act: start(3), drift: 'pinned' },
  ],
  'lets a rehearsal be asked for': [
    input({ tip: TIP, pointer: carriedOut(1), requested: { number: 3, rehearsal: true } }),
    { act: start(3, 'rehearsal'), drift: 'pinned' },
  ],
  'lets a rehearsal wait for a version that returns': [
    served({ pointer: pointer(2), requested: { number: 2, rehearsal: true } }),
    { act: start(2, 'returning'), drift: 'rolloutRunning' },
  ],

  'lets its own rollout go on': [
    served({ pointer: pointer(1), rollout: rollout(1, 3, SINCE) }),
    { act: none, drift: 'rolloutRunning' },
  ],
  'lets a rollout go on that tried what it names before it did': [
    input({ pointer: pointer(2), rollout: rollout(2, 1) }),
    { act: none, drift: 'rolloutRunning' },
  ],
  'ends the evidence of what may return at once': [
    served({ live: 1, pointer: pointer(2), rollout: rollout(2, 1) }),
    { act: supersede(2, 'returning'), drift: 'rolloutRunning' },
  ],
  'supersedes a rollout of another version': [
    served({ live: 1, pointer: pointer(2), rollout: rollout(3, 1) }),
    { act: supersede(2, 'returning'), drift: 'rolloutRunning' },
  ],
  'ends a rollout of another version where it pins what is live': [
    input({ tip: TIP, pointer: pointer(1), rollout: rollout(3, 1) }),
    { act: supersede(1, null), drift: 'pinned', settles: true },
  ],
  'ends a rollout of another version also while what it names may not be tried': [
    input({ tip: [version(1), version(2)], pointer: pointer(3), rollout: rollout(2, 1) }),
    { act: supersede(3, null), drift: 'deletedInGit' },
  ],
  'ends a rollout of another version also while no version is live': [
    input({
      live: null,
      tip: [version(1), version(2, { state: 'validating' })],
      pointer: pointer(2),
      rollout: rollout(1, null),
    }),
    { act: supersede(2, null), drift: 'validating' },
  ],
  'lets a rollout go on that a person began under it': [
    input({ tip: TIP, pointer: carriedOut(1), rollout: rollout(3, 1, SINCE) }),
    { act: none, drift: 'pinned' },
  ],
  'lets a rehearsal go on that began before it': [
    input({ tip: TIP, pointer: carriedOut(1), rollout: rollout(3, 1, { kind: 'rehearsal' }) }),
    { act: none, drift: 'pinned' },
  ],
  'lets a bake come to its end': [
    input({
      live: 3,
      tip: TIP,
      pointer: pointer(2),
      rollout: baking(3, 2),
      standings: standing(2, 'proven'),
    }),
    { act: none, drift: 'rolloutRunning' },
  ],
  'ends what goes below live when it is gone': [
    served({ rollout: rollout(2, 3) }),
    { act: supersede(3, null), drift: null, wish: 3 },
  ],
  'ends what goes live without evidence when it is gone, and lets it be tried like any other': [
    input({ rollout: rollout(2, 1, { kind: 'returning' }), standings: standing(2, 'proven') }),
    { act: supersede(2, 'evidence'), drift: 'rolloutRunning', wish: 2 },
  ],
}

describe('a pointer entry', () => {
  it.each(Object.entries(CASES))('%s', (_, [given, expected]) => {
    const decision = decideWish(given)
    expect(decision.act).toEqual(expected.act)
    expect(decision.drift?.reason ?? null).toBe(expected.drift)
    expect(decision.wish).toBe(expected.wish ?? given.pointer?.live)
    expect(decision.settles).toBe(expected.settles ?? false)
  })

  it.each([
    [input({ pointer: carriedOut(1) }), `v2 is the newest in Git and waits: ${FILE} pins v1, which is live`],
    [served({ pointer: pointer(2) }), `v2 is what ${FILE} asks for and is tried next; v3 is live`],
    [
      served({ pointer: carriedOut(2) }),
      `v2 is what ${FILE} asks for and is not carried out again: what people decided since counts; v3 is live`,
    ],
    [served({ pointer: pointer(7) }), `v7 is what ${FILE} asks for and is not in Git; v3 is live`],
  ])('says what the drift is', (given, detail) => {
    expect(decideWish(given).drift?.detail).toBe(detail)
  })
})
