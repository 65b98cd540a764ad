import type { Standing } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { type CommandType, decideCommand } from './decide-command.ts'
import type { RolloutPosition } from './rollout-position.ts'

const POSITIONS = {
  preparing: { state: 'progressing', step: 'preparing', reason: null },
  shadow: { state: 'progressing', step: 'shadow', reason: null },
  approval: { state: 'paused', step: 'approval', reason: 'approval' },
  inconclusive: { state: 'paused', step: 'shadow', reason: 'inconclusive' },
  noData: { state: 'paused', step: 'shadow', reason: 'noData' },
  held: { state: 'paused', step: 'approval', reason: 'held' },
  promoting: { state: 'progressing', step: 'promoting', reason: null },
  lagging: { state: 'paused', step: 'promoting', reason: 'nodesLagging' },
  succeeded: { state: 'succeeded', step: 'promoting', reason: null },
  failedByErrors: { state: 'failed', step: 'shadow', reason: 'errors' },
  failedByInvariant: { state: 'failed', step: 'shadow', reason: 'invariant' },
  failedToLoad: { state: 'failed', step: 'preparing', reason: 'load' },
  rejected: { state: 'failed', step: 'approval', reason: 'rejected' },
  aborted: { state: 'aborted', step: 'shadow', reason: 'byUser' },
  superseded: { state: 'aborted', step: 'shadow', reason: 'superseded' },
} as const satisfies Record<string, RolloutPosition>
type At = keyof typeof POSITIONS

const STANDINGS: Partial<Record<At, Standing>> = {
  succeeded: 'proven',
  rejected: 'failed',
  aborted: 'failed',
}

function situation(at: At, standing: Standing = STANDINGS[at] ?? 'untried') {
  const rollout = {
    model: 'iris',
    kind: 'evidence',
    position: POSITIONS[at],
    sinceMs: 0,
    candidate: { number: 2, digest: 'digest-2' },
    baseline: { number: 1, digest: 'digest-1' },
    policyHash: 'policy',
  } as const
  return { rollout, candidateStanding: standing }
}

function decide(type: CommandType, at: At, standing?: Standing): string {
  const decision = decideCommand({ type, reason: 'looks odd', seen: null }, situation(at, standing))
  if (decision.type === 'accepted') return decision.as
  return decision.type === 'done' ? 'done' : decision.code
}

const NO_VERDICT = 'rollout.no_verdict'
const NOT_OPEN = 'rollout.not_open'
const STALE = 'rollout.stale_decision'

const TABLE: Readonly<Record<At, readonly [approve: string, reject: string, retry: string, abort: string]>> =
  {
    preparing: [NO_VERDICT, 'act', 'done', 'act'],
    shadow: [NO_VERDICT, 'act', 'done', 'act'],
    approval: ['approval', 'act', 'done', 'act'],
    inconclusive: [NO_VERDICT, 'act', 'act', 'act'],
    noData: [NO_VERDICT, 'act', 'act', 'act'],
    held: ['approval', 'act', 'done', 'act'],
    promoting: ['done', STALE, 'done', 'act'],
    lagging: ['done', STALE, 'done', 'act'],
    succeeded: ['done', NOT_OPEN, 'done', NOT_OPEN],
    failedByErrors: [NOT_OPEN, NOT_OPEN, 'rollout.retry_refused', NOT_OPEN],
    failedByInvariant: [NOT_OPEN, NOT_OPEN, 'rollout.retry_refused', NOT_OPEN],
    failedToLoad: [NOT_OPEN, NOT_OPEN, 'request', NOT_OPEN],
    rejected: [NOT_OPEN, 'done', 'request', NOT_OPEN],
    aborted: [NOT_OPEN, NOT_OPEN, 'request', 'done'],
    superseded: [NOT_OPEN, NOT_OPEN, 'request', 'done'],
  }

describe('decideCommand', () => {
  it.each(Object.entries(TABLE) as [At, (typeof TABLE)[At]][])(
    'in %s: approve, reject, retry, abort are %j',
    (at, row) => {
      const commands = ['approve', 'reject', 'retry', 'abort'] as const
      expect(commands.map((type) => decide(type, at))).toEqual(row)
    },
  )

  it('refuses to retry a withdrawn version, and retries it after it was lifted', () => {
    expect(decide('retry', 'succeeded', 'withdrawn')).toBe('rollout.withdrawn')
    expect(decide('retry', 'succeeded', 'failed')).toBe('request')
  })

  it.each(['reject', 'abort'] as const)('asks for a reason of 3 to 500 characters to %s', (type) => {
    const decideWith = (reason: string) => decideCommand({ type, reason, seen: null }, situation('approval'))
    for (const reason of ['', '  no  ', 'x'.repeat(501)]) {
      expect(decideWith(reason)).toMatchObject({ type: 'refused', code: 'rollout.reason_required' })
    }
    expect(decideWith('odd').type).toBe('accepted')
  })

  it('asks for no reason where there is nothing to do', () => {
    expect(decideCommand({ type: 'abort', reason: '', seen: null }, situation('aborted')).type).toBe('done')
    expect(decideCommand({ type: 'approve', reason: '', seen: null }, situation('approval')).type).toBe(
      'accepted',
    )
  })

  it('carries out nothing that was decided on an old page', () => {
    const now = { candidateDigest: 'digest-2', baselineDigest: 'digest-1', policyHash: 'policy' }
    const decideSeeing = (seen: typeof now) =>
      decideCommand({ type: 'approve', reason: '', seen }, situation('approval'))
    expect(decideSeeing(now).type).toBe('accepted')
    for (const old of [
      { candidateDigest: 'digest-3' },
      { baselineDigest: 'digest-0' },
      { policyHash: 'other' },
    ]) {
      expect(decideSeeing({ ...now, ...old })).toMatchObject({ type: 'refused', code: STALE })
    }
  })

  it('sees the same in a first version, which has no baseline', () => {
    const { rollout, candidateStanding } = situation('held')
    const first = { rollout: { ...rollout, baseline: null }, candidateStanding }
    const seen = { candidateDigest: 'digest-2', baselineDigest: null, policyHash: 'policy' }
    expect(decideCommand({ type: 'approve', reason: '', seen }, first).type).toBe('accepted')
  })

  it('says how the last rollout ended when none is open', () => {
    const decision = decideCommand({ type: 'approve', reason: '', seen: null }, situation('failedByErrors'))
    expect(decision).toMatchObject({
      message: 'No rollout of iris is open: that of v2 ended failed (errors).',
    })
  })
})
