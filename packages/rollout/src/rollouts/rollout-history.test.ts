import { ROLLOUT_KINDS, type RolloutKind } from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Analysis } from '../analysis/analysis.ts'
import { decideRollout } from './decide-rollout.ts'
import { DEFAULT_LIMITS, type RolloutFacts, type RolloutRecord } from './rollout-facts.ts'
import { FIRST_POSITION, isOpen, phaseOf } from './rollout-position.ts'
import { standingAfter } from './standing-after.ts'
import { type RolloutTransition, TRANSITIONS } from './transitions.ts'

const often = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(usual, ...others) },
  )

const verdict = fc.constantFrom<readonly [Analysis['outcome'], Analysis['reason']]>(
  ['collecting', null],
  ['pass', null],
  ['pass', null],
  ['fail', 'errors'],
  ['inconclusive', 'maxDuration'],
  ['noData', 'maxDuration'],
)

const ONE = { number: 1, digest: 'digest-1' }

const world = fc.record({
  elapsedMs: fc.constantFrom(1_000, 1_000, 1_000, 700_000, 8 * 86_400_000),
  sameBaseline: often(true, false),
  policyHash: often('policy', 'other'),
  candidateAtTip: often(true, false),
  supersededBy: often<number | null>(null, 3),
  candidateStanding: often<RolloutFacts['candidateStanding']>('untried', 'failed', 'withdrawn'),
  held: fc.boolean(),
  nodes: fc.array(fc.constantFrom('available', 'available', 'available', 'pending', 'error' as const), {
    maxLength: 3,
  }),
  verdict,
  required: fc.constantFrom(0, 1),
  approved: fc.boolean(),
  act: often<'reject' | 'abort' | 'retry' | null>(null, 'retry', 'retry', 'reject', 'abort'),
})
type World = typeof world extends fc.Arbitrary<infer T> ? T : never

function factsOf(given: World, rollout: RolloutRecord): RolloutFacts {
  const nowMs = rollout.sinceMs + given.elapsedMs
  const [outcome, reason] = given.verdict
  const other = { number: 7, digest: 'digest-7' }
  return {
    nowMs,
    live: given.sameBaseline ? rollout.baseline : other,
    policyHash: given.policyHash,
    candidateAtTip: given.candidateAtTip,
    candidateStanding: given.candidateStanding,
    supersededBy: given.supersededBy,
    heldSinceMs: given.held ? rollout.sinceMs : null,
    nodes: given.nodes.map((state, index) => ({ node: `node-${index}`, joinedAtMs: 0, state, detail: null })),
    analysis: {
      outcome,
      reason,
      detail: null,
      gates: [],
      pairs: 0,
      minPairs: 0,
      elapsedMs: 0,
      minDurationMs: 0,
      lostShare: 0,
    },
    approvals: { required: given.required, givenAtMs: given.approved ? [nowMs] : [] },
    act: given.act === null ? null : { type: given.act, actor: 'local:ada', reason: 'because' },
    limits: DEFAULT_LIMITS,
  }
}

function newRollout(kind: RolloutKind): RolloutRecord {
  return {
    model: 'iris',
    kind,
    position: FIRST_POSITION,
    sinceMs: 0,
    candidate: { number: 2, digest: 'digest-2' },
    baseline: kind === 'first' ? null : ONE,
    policyHash: 'policy',
  }
}

interface Step {
  readonly given: World
  readonly from: RolloutRecord
  readonly transition: RolloutTransition
}

/** Lets a rollout live through worlds; gives every transition that it made. */
function live(kind: RolloutKind, worlds: readonly World[]): readonly Step[] {
  const steps: Step[] = []
  let rollout = newRollout(kind)
  for (const given of worlds) {
    const facts = factsOf(given, rollout)
    const transition = decideRollout(rollout, facts)
    if (!transition) continue
    steps.push({ given, from: rollout, transition })
    rollout = { ...rollout, position: transition.to, sinceMs: facts.nowMs }
  }
  return steps
}

function checkCommit({ given, from }: Step): void {
  expect(from.position).toMatchObject({ state: 'progressing', step: 'promoting' })
  expect(given.nodes.length).toBeGreaterThan(0)
  expect(given.nodes.every((state) => state === 'available')).toBe(true)
  expect(given).toMatchObject({ sameBaseline: true, candidateAtTip: true, supersededBy: null })
  expect(given.act === 'abort' || given.act === 'reject').toBe(false)
  expect(given.candidateStanding).not.toBe('withdrawn')
  if (given.held) expect(given.approved).toBe(true)
  if (from.kind !== 'evidence') return
  expect(given.verdict[0]).toBe('pass')
  expect(given.approved || given.required === 0).toBe(true)
  expect(given.policyHash).toBe(from.policyHash)
}

const histories = fc.array(world, { minLength: 4, maxLength: 40, size: 'max' })

describe('a rollout over any history', () => {
  it('goes live only with a pass, an approval where one is required, no hold against it, and every node ready', () => {
    let committed = 0
    fc.assert(
      fc.property(fc.constantFrom(...ROLLOUT_KINDS), histories, (kind, worlds) => {
        for (const step of live(kind, worlds)) {
          if (step.transition.to.state !== 'succeeded') continue
          committed++
          checkCommit(step)
        }
      }),
      { numRuns: 2_000 },
    )
    expect(committed).toBeGreaterThan(100)
  })

  it('moves only as the table says, with a sentence for the record, and never after its end', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ROLLOUT_KINDS), histories, (kind, worlds) => {
        for (const { from, transition } of live(kind, worlds)) {
          const row: Readonly<Record<string, string>> = TRANSITIONS[phaseOf(from.position)]
          expect(row[transition.cause]).toBe(phaseOf(transition.to))
          expect(isOpen(from.position)).toBe(true)
          expect(transition.detail).not.toBe('')
        }
      }),
    )
  })

  it('reaches promotion by evidence only through its shadow', () => {
    fc.assert(
      fc.property(histories, (worlds) => {
        const phases = live('evidence', worlds).map(({ transition }) => phaseOf(transition.to))
        if (phases.includes('promoting')) expect(phases[0]).toBe('shadow')
      }),
    )
  })
})

describe('standingAfter', () => {
  it.each([
    [{ state: 'succeeded', step: 'promoting', reason: null }, 'proven', 'proven'],
    [{ state: 'failed', step: 'shadow', reason: 'errors' }, 'failed', 'withdrawn'],
    [{ state: 'failed', step: 'approval', reason: 'rejected' }, 'failed', 'withdrawn'],
    [{ state: 'aborted', step: 'shadow', reason: 'byUser' }, 'failed', 'withdrawn'],
    [{ state: 'aborted', step: 'approval', reason: 'deadline' }, 'failed', 'failed'],
    [{ state: 'aborted', step: 'shadow', reason: 'superseded' }, null, null],
    [{ state: 'aborted', step: 'shadow', reason: 'baselineChanged' }, null, null],
    [{ state: 'aborted', step: 'shadow', reason: 'policyChanged' }, null, null],
    [{ state: 'aborted', step: 'shadow', reason: 'deletedInGit' }, null, null],
    [{ state: 'paused', step: 'approval', reason: 'approval' }, null, null],
  ] as const)('of %j is %s, and %s after it answered clients', (position, shadowed, answered) => {
    expect(standingAfter(position, false)).toBe(shadowed)
    expect(standingAfter(position, true)).toBe(answered)
  })
})
