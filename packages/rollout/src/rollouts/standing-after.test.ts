import { ABORT_REASONS } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import type { RolloutPosition } from './rollout-position.ts'
import { standingAfter } from './standing-after.ts'

type End = readonly [state: RolloutPosition['state'], reason: RolloutPosition['reason']]

const position = ([state, reason]: End, step: RolloutPosition['step'], weightIndex: number | null) =>
  ({ state, step, weightIndex, reason }) as RolloutPosition

describe('standingAfter', () => {
  it.each<[End, string | null, string | null]>([
    [['succeeded', null], 'proven', 'proven'],
    [['failed', 'errors'], 'failed', 'withdrawn'],
    [['failed', 'invariant'], 'failed', 'withdrawn'],
    [['failed', 'load'], 'failed', 'withdrawn'],
    [['failed', 'rejected'], 'failed', 'withdrawn'],
    [['aborted', 'byUser'], 'failed', 'withdrawn'],
    [['aborted', 'deadline'], 'failed', 'failed'],
    [['aborted', 'superseded'], null, null],
    [['aborted', 'baselineChanged'], null, null],
    [['aborted', 'policyChanged'], null, null],
    [['aborted', 'deletedInGit'], null, null],
    [['aborted', 'rehearsed'], null, null],
    [['paused', 'approval'], null, null],
  ])('of %j is %s, and %s after it answered clients', (end, shadowed, answered) => {
    expect(standingAfter('evidence', position(end, 'shadow', null))).toBe(shadowed)
    expect(standingAfter('evidence', position(end, 'canary', 0))).toBe(answered)
    expect(standingAfter('evidence', position(end, 'promoting', 1))).toBe(answered)
  })

  it('withdraws what was taken off in its bake, and not what stays live', () => {
    expect(standingAfter('evidence', position(['failed', 'rolledBack'], 'bake', null))).toBe('withdrawn')
    expect(standingAfter('evidence', position(['failed', 'errors'], 'bake', null))).toBe('failed')
    expect(standingAfter('evidence', position(['succeeded', null], 'bake', null))).toBe('proven')
  })

  it('is left as it was by every end of a rehearsal', () => {
    const ends: readonly End[] = [
      ['failed', 'load'],
      ['failed', 'errors'],
      ...ABORT_REASONS.map((reason) => ['aborted', reason] as const),
    ]
    for (const end of ends) expect(standingAfter('rehearsal', position(end, 'shadow', null))).toBeNull()
  })
})
