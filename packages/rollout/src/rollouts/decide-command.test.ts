import type { Standing, VerdictOutcome } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { decideCommand } from './decide-command.ts'
import { decideRollout } from './decide-rollout.ts'
import { act, BAKING, CANARY_POLICY, facts, ONE, ofKind, POSITIONS, record } from './rollout.fixture.ts'
import { COMMANDS, type CommandSituation, type CommandType, type RolloutCommand } from './rollout-command.ts'
import type { RolloutRecord } from './rollout-facts.ts'
import { isOpen, type RolloutPosition } from './rollout-position.ts'

const ended = (
  state: 'succeeded' | 'failed' | 'aborted',
  reason: RolloutPosition['reason'],
  step: RolloutPosition['step'] = 'shadow',
) => ({ state, step, weightIndex: null, reason }) as RolloutPosition

const ENDS = {
  succeeded: ended('succeeded', null, 'promoting'),
  failedByErrors: ended('failed', 'errors'),
  failedByInvariant: ended('failed', 'invariant'),
  failedToLoad: ended('failed', 'load', 'preparing'),
  rejected: ended('failed', 'rejected', 'approval'),
  rolledBack: ended('failed', 'rolledBack', 'bake'),
  aborted: ended('aborted', 'byUser'),
  superseded: ended('aborted', 'superseded'),
} as const
const ALL = { ...POSITIONS, ...ENDS } as const
type At = keyof typeof ALL

/** What the rollout left behind, where that is not `untried`. */
const STANDINGS: Partial<Record<At, Standing>> = {
  succeeded: 'proven',
  failedByErrors: 'failed',
  rejected: 'failed',
  // After it was lifted.
  rolledBack: 'failed',
  aborted: 'failed',
}

function situation(at: At, changes: Partial<CommandSituation> = {}): CommandSituation {
  return {
    rollout: record(ALL[at]),
    candidateStanding: STANDINGS[at] ?? 'untried',
    verdict: null,
    previous: at === 'bake' ? ONE : null,
    ...changes,
  }
}

const command = (type: CommandType, changes: Partial<RolloutCommand> = {}): RolloutCommand => ({
  type,
  reason: 'looks odd',
  seen: null,
  ...changes,
})

function decide(type: CommandType, at: At, changes: Partial<CommandSituation> = {}, fresh = false): string {
  const decision = decideCommand(command(type, { fresh }), situation(at, changes))
  if (decision.type === 'accepted') return decision.as
  return decision.type === 'done' ? 'done' : decision.code
}

const NO_VERDICT = 'rollout.no_verdict'
const NOT_OPEN = 'rollout.not_open'
const STALE = 'rollout.stale_decision'
const PAUSED = 'rollout.paused'
const NOT_NOW = 'rollout.not_promotable'
const REFUSED = 'rollout.retry_refused'

type Row = readonly [
  approve: string,
  reject: string,
  retry: string,
  abort: string,
  pause: string,
  resume: string,
  now: string,
]

const TABLE: Readonly<Record<At, Row>> = {
  preparing: [NO_VERDICT, 'act', 'done', 'act', 'act', 'done', NOT_NOW],
  shadow: [NO_VERDICT, 'act', 'done', 'act', 'act', 'done', NOT_NOW],
  canary: ['done', STALE, 'done', 'act', 'act', 'done', NOT_NOW],
  lastCanary: ['done', STALE, 'done', 'act', 'act', 'done', NOT_NOW],
  promoting: ['done', STALE, 'done', 'act', 'act', 'done', 'done'],
  promotingAfterCanary: ['done', STALE, 'done', 'act', 'act', 'done', 'done'],
  bake: ['done', STALE, 'done', 'rollBack', 'rollout.not_pausable', 'done', 'done'],
  approval: ['approval', 'act', 'done', 'act', 'act', 'done', NOT_NOW],
  inconclusive: [NO_VERDICT, 'act', 'act', 'act', 'act', 'done', 'act'],
  inconclusiveCanary: [NO_VERDICT, 'act', 'act', 'act', 'act', 'done', 'act'],
  noData: [NO_VERDICT, 'act', 'act', 'act', 'act', 'done', 'act'],
  held: ['approval', 'act', 'done', 'act', 'act', 'done', NOT_NOW],
  heldPromoting: ['approval', 'act', 'done', 'act', 'act', 'done', NOT_NOW],
  frozen: ['done', STALE, 'done', 'act', 'act', 'done', 'done'],
  nodesLagging: ['done', STALE, 'done', 'act', 'act', 'done', 'done'],
  pausedPreparing: [PAUSED, 'act', PAUSED, 'act', 'done', 'act', PAUSED],
  pausedShadow: [PAUSED, 'act', PAUSED, 'act', 'done', 'act', PAUSED],
  pausedCanary: [PAUSED, 'act', PAUSED, 'act', 'done', 'act', PAUSED],
  pausedPromoting: [PAUSED, 'act', PAUSED, 'act', 'done', 'act', PAUSED],
  pausedAtApproval: [PAUSED, 'act', PAUSED, 'act', 'done', 'act', PAUSED],
  succeeded: ['done', NOT_OPEN, 'done', NOT_OPEN, NOT_OPEN, NOT_OPEN, 'done'],
  failedByErrors: [NOT_OPEN, NOT_OPEN, REFUSED, NOT_OPEN, NOT_OPEN, NOT_OPEN, NOT_OPEN],
  failedByInvariant: [NOT_OPEN, NOT_OPEN, REFUSED, NOT_OPEN, NOT_OPEN, NOT_OPEN, NOT_OPEN],
  failedToLoad: [NOT_OPEN, NOT_OPEN, 'request', NOT_OPEN, NOT_OPEN, NOT_OPEN, NOT_OPEN],
  rejected: [NOT_OPEN, 'done', 'request', NOT_OPEN, NOT_OPEN, NOT_OPEN, NOT_OPEN],
  rolledBack: [NOT_OPEN, NOT_OPEN, 'request', 'done', NOT_OPEN, NOT_OPEN, NOT_OPEN],
  aborted: [NOT_OPEN, NOT_OPEN, 'request', 'done', NOT_OPEN, NOT_OPEN, NOT_OPEN],
  superseded: [NOT_OPEN, NOT_OPEN, 'request', 'done', NOT_OPEN, NOT_OPEN, NOT_OPEN],
}

describe('decideCommand', () => {
  it.each(Object.entries(TABLE) as [At, Row][])(
    'in %s: approve, reject, retry, abort, pause, resume, promoteNow are %j',
    (at, row) => {
      expect(COMMANDS.map((type) => decide(type, at))).toEqual(row)
    },
  )

  it('accepts no act that would not move the rollout', () => {
    for (const at of Object.keys(POSITIONS) as (keyof typeof POSITIONS)[]) {
      for (const type of COMMANDS) {
        if (type === 'approve' || decide(type, at) !== 'act') continue
        const given = facts({ policy: CANARY_POLICY, act: act(type), ...(at === 'bake' ? BAKING : {}) })
        expect([at, type, decideRollout(record(at), given)?.detail]).toEqual([
          at,
          type,
          expect.stringContaining('local:ada'),
        ])
      }
    }
  })

  it('does nothing the second time', () => {
    const twice: readonly [Exclude<CommandType, 'approve'>, keyof typeof POSITIONS][] = [
      ['abort', 'shadow'],
      ['reject', 'approval'],
      ['pause', 'canary'],
      ['resume', 'pausedCanary'],
      ['promoteNow', 'inconclusive'],
      ['retry', 'noData'],
    ]
    for (const [type, at] of twice) {
      const moved = decideRollout(record(at), facts({ policy: CANARY_POLICY, act: act(type) }))
      if (moved === null) throw new Error(`${type} did not move ${at}`)
      const rollout: RolloutRecord = { ...record(moved.to), position: moved.to }
      const standing = isOpen(moved.to) ? 'untried' : 'failed'
      const again = decideCommand(command(type), {
        ...situation('shadow'),
        rollout,
        candidateStanding: standing,
      })
      expect([type, again.type]).toEqual([type, 'done'])
    }
  })

  it('rolls nothing back where there is no version to go back to', () => {
    expect(decide('abort', 'bake', { previous: null })).toBe('rollout.no_previous')
  })

  it('refuses to retry a withdrawn version, and retries it after it was lifted', () => {
    expect(decide('retry', 'rolledBack', { candidateStanding: 'withdrawn' })).toBe('rollout.withdrawn')
    expect(decide('retry', 'rolledBack', { candidateStanding: 'withdrawn' }, true)).toBe('rollout.withdrawn')
    expect(decide('retry', 'rolledBack', { candidateStanding: 'failed' })).toBe('request')
  })

  it.each<[At, VerdictOutcome | null]>([
    ['failedByErrors', null],
    ['rolledBack', 'fail'],
    ['aborted', 'fail'],
  ])('retries %s with the verdict %s only with fresh evidence', (at, verdict) => {
    expect(decide('retry', at, { verdict })).toBe(REFUSED)
    expect(decide('retry', at, { verdict }, true)).toBe('freshRequest')
  })

  it('begins no fresh evidence while a rollout is open', () => {
    expect(decide('retry', 'inconclusive', {}, true)).toBe(REFUSED)
    expect(decide('retry', 'shadow', {}, true)).toBe(REFUSED)
    expect(decide('retry', 'bake', {}, true)).toBe('done')
  })

  it('retries a rehearsal as a rehearsal', () => {
    const rollout = record(ended('aborted', 'rehearsed'), { kind: 'rehearsal' })
    expect(decide('retry', 'aborted', { rollout, candidateStanding: 'untried' })).toBe('rehearsal')
  })

  it('tells who would approve a rehearsal that it does not go live', () => {
    const decision = decideCommand(
      command('approve'),
      situation('shadow', { rollout: ofKind('shadow', 'rehearsal') }),
    )
    expect(decision).toMatchObject({ message: expect.stringContaining('rehearsed only') })
  })

  it.each<[CommandType, At, boolean]>([
    ['reject', 'approval', false],
    ['abort', 'approval', false],
    ['abort', 'bake', false],
    ['promoteNow', 'noData', false],
    ['retry', 'failedByErrors', true],
  ])('asks for a reason of 3 to 500 characters to %s', (type, at, fresh) => {
    const decideWith = (reason: string) => decideCommand(command(type, { reason, fresh }), situation(at))
    for (const reason of ['', '  no  ', 'x'.repeat(501)]) {
      expect(decideWith(reason)).toMatchObject({ type: 'refused', code: 'rollout.reason_required' })
    }
    expect(decideWith('odd').type).toBe('accepted')
  })

  it('asks for no reason where there is nothing to do or none is needed', () => {
    const silent = { reason: '' }
    expect(decideCommand(command('abort', silent), situation('aborted')).type).toBe('done')
    const free: readonly [CommandType, At][] = [
      ['approve', 'approval'],
      ['pause', 'shadow'],
      ['resume', 'pausedShadow'],
      ['retry', 'noData'],
    ]
    for (const [type, at] of free) {
      expect(decideCommand(command(type, silent), situation(at)).type).toBe('accepted')
    }
  })

  it('carries out nothing that was decided on an old page', () => {
    const now = { candidateDigest: 'digest-2', baselineDigest: 'digest-1', policyHash: 'policy' }
    const decideSeeing = (seen: typeof now) =>
      decideCommand(command('approve', { seen }), situation('approval'))
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
    const first = situation('held', { rollout: ofKind('held', 'first') })
    const seen = { candidateDigest: 'digest-2', baselineDigest: null, policyHash: 'policy' }
    expect(decideCommand(command('approve', { seen }), first).type).toBe('accepted')
  })

  it.each<[CommandType, At, string]>([
    ['approve', 'failedByErrors', 'No rollout of iris is open: that of v2 ended failed (errors).'],
    ['resume', 'succeeded', 'No rollout of iris is open: that of v2 ended succeeded.'],
    ['reject', 'bake', 'v2 is live: roll it back instead.'],
    ['reject', 'canary', 'v2 answers clients: abort it instead, which withdraws it.'],
    ['reject', 'frozen', 'v2 is being promoted: abort it instead.'],
    [
      'promoteNow',
      'shadow',
      'v2 is still compared: it can be promoted without a verdict when its shadow could not decide. Wait for that, or shorten `maxDuration`.',
    ],
    ['promoteNow', 'held', 'v2 is ready and held: approve it instead, which ends the hold.'],
    [
      'approve',
      'pausedShadow',
      'The rollout of v2 is paused by a person: let it go on first, `understudy resume iris`.',
    ],
  ])('answers %s in %s with what to do: %s', (type, at, message) => {
    expect(decideCommand(command(type), situation(at))).toMatchObject({ message })
  })
})
