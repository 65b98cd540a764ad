import { describe, expect, it } from 'vitest'
import { decideRehearsal, type RehearsalSituation } from './decide-rehearsal.ts'
import { ONE, ofKind, record, TWO } from './rollout.fixture.ts'

const VALID = { ...TWO, state: 'validated', reason: null } as const

function decide(changes: Partial<RehearsalSituation> = {}) {
  return decideRehearsal({
    model: 'iris',
    number: 2,
    version: VALID,
    standing: 'untried',
    live: ONE,
    openRollout: null,
    ...changes,
  })
}

describe('decideRehearsal', () => {
  it.each<[string, Partial<RehearsalSituation>]>([
    ['an untried version', {}],
    ['one that failed', { standing: 'failed' }],
    ['one that is older than live', { live: { number: 7, digest: 'digest-7' } }],
  ])('accepts %s', (_, changes) => {
    expect(decide(changes)).toEqual({ type: 'accepted', as: 'rehearsal' })
  })

  it.each<[string, Partial<RehearsalSituation>, string]>([
    [
      'rollout.not_startable',
      { openRollout: record('shadow') },
      'v2 is in rollout: wait for its end, or abort it, then rehearse iris v2.',
    ],
    [
      'rollout.not_startable',
      { version: null },
      'iris v2 is not in Git: only a validated version can be rehearsed.',
    ],
    [
      'rollout.not_startable',
      { version: { ...VALID, state: 'validating' } },
      'iris v2 is validating: only a validated version can be rehearsed.',
    ],
    ['rollout.withdrawn', { standing: 'withdrawn' }, 'iris v2 is withdrawn: lift it first.'],
    [
      'rollout.not_startable',
      { live: null },
      'No version of iris is live: there is nothing to compare iris v2 with.',
    ],
    [
      'rollout.not_startable',
      { live: { number: 1, digest: 'digest-2' } },
      'iris v2 has the bytes that are live: there is nothing to compare.',
    ],
  ])('refuses with %s: %o', (code, changes, message) => {
    expect(decide(changes)).toEqual({ type: 'refused', code, message })
  })

  it('does nothing the second time', () => {
    expect(decide({ openRollout: ofKind('shadow', 'rehearsal') })).toMatchObject({ type: 'done' })
  })
})
