import { PAUSE_REASONS } from '@understudy/core'
import type { RolloutTransition } from '@understudy/rollout'
import { describe, expect, it } from 'vitest'
import { type MovedRollout, notificationOf, notificationOfRollback } from './notification-of.ts'

const ROLLOUT: MovedRollout['rollout'] = {
  ...{ id: '7d0c', number: 3, digest: 'd3', kind: 'evidence' },
  ...{ state: 'progressing', pauseReason: null },
}
const at = new Date(1_000)

function told(transition: RolloutTransition, before: Partial<MovedRollout['rollout']> = {}) {
  return notificationOf({ model: 'iris', rollout: { ...ROLLOUT, ...before }, transition, at })
}

/** The kind that a pause is told as. */
function pausedAs(reason: (typeof PAUSE_REASONS)[number], before: Partial<MovedRollout['rollout']> = {}) {
  const to = { state: 'paused', step: 'approval', weightIndex: null, reason } as const
  return told({ cause: 'passed', to, effect: null, detail: 'v3 passed its shadow' }, before)?.kind ?? null
}

describe('what people are told of a rollout', () => {
  it('tells of every pause that only a person ends, and of no other', () => {
    const heard = Object.fromEntries(PAUSE_REASONS.map((reason) => [reason, pausedAs(reason)]))
    expect(heard).toEqual({
      ...{ approval: 'needsApproval', held: 'needsApproval', inconclusive: 'needsApproval' },
      ...{ noData: 'needsApproval', frozen: null, nodesLagging: null, byUser: null },
    })
  })

  it('does not repeat a pause that goes on', () => {
    expect(pausedAs('approval', { state: 'paused', pauseReason: 'approval' })).toBeNull()
    expect(pausedAs('approval', { state: 'paused', pauseReason: 'held' })).toBe('needsApproval')
  })

  it('tells of a promotion when it is committed, whether a bake follows or not', () => {
    for (const to of [
      { state: 'succeeded', step: 'promoting', weightIndex: null, reason: null },
      { state: 'progressing', step: 'bake', weightIndex: 1, reason: null },
    ] as const) {
      expect(told({ cause: 'committed', to, effect: 'promote', detail: 'v3 went live' })).toEqual({
        ...{ kind: 'promoted', dedupKey: 'promoted:7d0c:1000', model: 'iris', version: 3 },
        ...{
          title: 'iris v3 is live',
          sentence: 'iris v3 went live',
          path: '/models/iris/rollouts/7d0c',
        },
        details: {
          ...{ rolloutId: '7d0c', rolloutKind: 'evidence', digest: 'd3' },
          ...{ state: to.state, step: to.step, reason: null },
        },
      })
    }
  })

  it('tells why a version does not go live, and when it was taken off again', () => {
    const failed = { state: 'failed', step: 'shadow', weightIndex: null, reason: 'errors' } as const
    const move = { cause: 'failed', to: failed, effect: null, detail: 'x' } as const
    expect(told(move)).toMatchObject({
      ...{ kind: 'failed', title: 'iris v3 does not go live', sentence: 'iris v3: x' },
    })
    expect(told(move, { kind: 'rehearsal' })?.title).toBe('iris v3 failed its rehearsal')
    const taken = { state: 'failed', step: 'bake', weightIndex: 1, reason: 'rolledBack' } as const
    expect(told({ cause: 'rolledBack', to: taken, effect: 'rollBack', detail: 'x' })?.kind).toBe('rolledBack')
  })

  it('leaves a rollback by a person to be told by itself, and tells of a canary that a person ended', () => {
    const taken = { state: 'failed', step: 'bake', weightIndex: 1, reason: 'rolledBack' } as const
    expect(told({ cause: 'takenOff', to: taken, effect: null, detail: 'x' })).toBeNull()
    const ended = { state: 'aborted', step: 'canary', weightIndex: 0, reason: 'byUser' } as const
    expect(told({ cause: 'aborted', to: ended, effect: null, detail: 'x' })?.kind).toBe('rolledBack')
  })

  it('tells of an end that nobody chose, and of no end that has an heir', () => {
    const aborted = (reason: 'deadline' | 'superseded' | 'byUser') =>
      told({
        ...{ cause: 'aborted', effect: null, detail: 'x' },
        to: { state: 'aborted', step: 'approval', weightIndex: null, reason },
      })?.kind
    expect([aborted('deadline'), aborted('superseded'), aborted('byUser')]).toEqual([
      'failed',
      undefined,
      undefined,
    ])
  })

  it('says nothing of a step that goes on', () => {
    const to = { state: 'progressing', step: 'shadow', weightIndex: null, reason: null } as const
    expect(told({ cause: 'shadowReady', to, effect: null, detail: 'x' })).toBeNull()
  })
})

it('a rollback is told with who did it and why, once for each generation', () => {
  const act = { model: 'iris', from: 3, to: 2, generation: 7, actor: 'local:ada', reason: 'it flips classes' }
  expect(notificationOfRollback(act)).toMatchObject({
    ...{ kind: 'rolledBack', dedupKey: 'rolledBack:iris:7', version: 3, path: '/models/iris' },
    sentence: 'local:ada rolled iris back from v3 to v2: it flips classes',
  })
})
