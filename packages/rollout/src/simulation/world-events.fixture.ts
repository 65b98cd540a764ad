import type { PauseReason, RolloutPolicy } from '@understudy/core'
import fc from 'fast-check'
import { policy } from '../rollouts/rollout.fixture.ts'
import { COMMANDS, type CommandType } from '../rollouts/rollout-command.ts'
import { deadlineOf } from '../rollouts/rollout-deadline.ts'
import type { ModelWorld } from './model-world.fixture.ts'
import { point, unpoint } from './pointer-events.fixture.ts'

/** One thing that happens to a model: told for the report of a failed run, and done to the world. */
export interface WorldEvent {
  readonly told: string
  happen(world: ModelWorld): void
  readonly [fc.toStringMethod]: () => string
}

/** Policies that a model goes through: with and without canary, bake, approval, groups, self-approval. */
export const POLICIES: readonly RolloutPolicy[] = [
  '{}',
  '{canary: [5, 25], bake: 10m, shadow: {maxDuration: 30m}}',
  '{canary: [10], bake: 1h, approval: {required: 0}}',
  '{approval: {required: 0}, shadow: {maxDuration: 10m}}',
  '{bake: 5m, approval: {required: 2, selfApprove: false, expires: 1h}}',
  '{approval: {required: 1, groups: [{name: risk, members: [bo, cy]}], expires: 2h}, decisionTimeout: 1d}',
  '{trigger: manual, bake: 10m}',
  '{strategy: immediate}',
].map(policy)

const ACTORS = ['ada', 'bo', 'cy', 'local:dee'] as const
/** Bytes that were seen before come again: reverts and copies. */
const DIGESTS = 6

const event = (told: string, happen: WorldEvent['happen']): WorldEvent => ({
  told,
  happen,
  [fc.toStringMethod]: () => told,
})

function push(world: ModelWorld, bytes: number, pusher: string | null): void {
  const digest = `bytes-${bytes}`
  const number = Math.max(0, world.live?.number ?? 0, ...world.tip.map((one) => one.number)) + 1
  world.tip = [...world.tip, { number, digest, state: 'validating', reason: null }]
  world.pushers.set(digest, pusher)
}

function setState(world: ModelWorld, nth: number, state: 'validated' | 'rejected'): void {
  const waiting = world.tip.filter((one) => one.state === 'validating')
  const version = waiting[nth % Math.max(1, waiting.length)]
  const reason = state === 'rejected' ? 'not a model' : null
  world.tip = world.tip.map((one) => (one === version ? { ...one, state, reason } : one))
}

function deleted(world: ModelWorld, nth: number): void {
  // Counted from the newest, which is live more often.
  if (!world.stalled) world.tip = world.tip.toSpliced(-1 - (nth % Math.max(1, world.tip.length)), 1)
}

/** The candidate on every node, or on one. */
function load(world: ModelWorld, state: 'available' | 'error', nth?: number): void {
  const digest = world.open?.record.candidate.digest
  if (digest === undefined) return
  const nodes = [...world.nodes.values()]
  for (const [index, node] of nodes.entries()) {
    if (nth === undefined || index === nth % nodes.length) node.loaded.set(digest, state)
  }
}

function join(world: ModelWorld, nth: number): void {
  world.nodes.set(`node-${nth % 3}`, { joinedAtMs: world.nowMs, loaded: new Map() })
}

function evidence(world: ModelWorld, what: 'pairs' | 'pass' | 'fail' | 'crash' | 'shed'): void {
  const { open } = world
  if (open === null || open.record.position.step === 'preparing') return
  const { series, record } = open
  const step = world.stepOf(record)
  series.pairs[step] = (series.pairs[step] ?? 0) + 150
  if (what === 'pass' && series.failed === null) series.passed = true
  if (what === 'shed' && !series.passed) series.shed = true
  if (what === 'fail') series.failed = 'errors'
  if (what === 'crash') series.failed = 'invariant'
}

/** Whatever the open rollout waits for: so that histories come far. */
function helped(world: ModelWorld): void {
  if (world.open === null) {
    if (!world.tip.some(({ state }) => state === 'validating')) push(world, world.tip.length % DIGESTS, null)
    setState(world, 0, 'validated')
    return
  }
  const { step, state, reason } = world.open.record.position
  if (state === 'paused') world.command(HELP[reason], 'local:dee')
  if (step === 'preparing' || step === 'promoting') load(world, 'available')
  if (step === 'shadow') evidence(world, 'pass')
  if (step === 'canary') {
    evidence(world, 'pairs')
    evidence(world, 'pairs')
    world.nowMs += world.policy.canaryMinDuration
  }
}

const HELP = {
  approval: 'approve',
  held: 'approve',
  inconclusive: 'retry',
  noData: 'retry',
  frozen: 'approve',
  nodesLagging: 'approve',
  byUser: 'resume',
} as const satisfies Record<PauseReason, CommandType>

const MINUTE_MS = 60_000
const WAITS = [1_000, 70_000, 6 * MINUTE_MS, 11 * MINUTE_MS, 61 * MINUTE_MS, 7 * 3_600_000, 8 * 86_400_000]

const nth = fc.nat({ max: 5 })
const of = (weight: number, arbitrary: fc.Arbitrary<WorldEvent>) => ({ weight, arbitrary })
const one = (weight: number, told: string, happen: WorldEvent['happen']) =>
  of(weight, fc.constant(event(told, happen)))

const commanded = (type: CommandType, actor: string, fresh: boolean) =>
  event(`${actor}: ${type}${fresh ? ' fresh' : ''}`, (world) => world.command(type, actor, fresh))

/** Anything that anyone may do to a model, the usual more often. */
export const anEvent: fc.Arbitrary<WorldEvent> = fc.oneof(
  of(
    4,
    fc
      .tuple(fc.nat({ max: DIGESTS - 1 }), fc.constantFrom(null, 'ada'))
      .map(([bytes, pusher]) => event(`push bytes-${bytes}`, (world) => push(world, bytes, pusher))),
  ),
  of(
    2,
    nth.map((n) => event(`validate ${n}`, (world) => setState(world, n, 'validated'))),
  ),
  of(
    1,
    nth.map((n) => event(`refuse ${n}`, (world) => setState(world, n, 'rejected'))),
  ),
  of(
    1,
    nth.map((n) => event(`delete ${n}`, (world) => deleted(world, n))),
  ),
  of(
    3,
    fc.nat({ max: 11 }).map((n) => event(`point ${n}`, (world) => point(world, n))),
  ),
  one(3, 'unpoint', unpoint),
  one(1, 'force-push', (world) => {
    world.stalled = true
  }),
  one(6, 'acknowledge', (world) => {
    world.stalled = false
  }),
  one(30, 'help', helped),
  one(5, 'load', (world) => load(world, 'available')),
  of(
    1,
    nth.map((n) => event(`load on ${n}`, (world) => load(world, 'available', n))),
  ),
  of(
    1,
    nth.map((n) => event(`load fails on ${n}`, (world) => load(world, 'error', n))),
  ),
  of(
    2,
    nth.map((n) => event(`node ${n} joins`, (world) => join(world, n))),
  ),
  of(
    1,
    nth.map((n) => event(`node ${n} is lost`, (world) => world.nodes.delete(`node-${n % 3}`))),
  ),
  of(
    8,
    fc
      .constantFrom<'pairs' | 'pass'>('pairs', 'pass')
      .map((what) => event(`evidence: ${what}`, (world) => evidence(world, what))),
  ),
  of(
    5,
    fc
      .constantFrom<'fail' | 'crash' | 'shed'>('fail', 'crash', 'shed')
      .map((what) => event(`evidence: ${what}`, (world) => evidence(world, what))),
  ),
  of(
    12,
    fc.constantFrom(...WAITS).map((ms) =>
      event(`wait ${ms}`, (world) => {
        world.nowMs += ms
      }),
    ),
  ),
  of(
    12,
    fc.constantFrom(...ACTORS).map((actor) => commanded('approve', actor, false)),
  ),
  one(4, 'every node starts anew', (world) => {
    for (const node of world.nodes.values()) node.loaded.clear()
  }),
  one(6, 'time is up', (world) => {
    const { open } = world
    const deadlineMs = open === null ? null : deadlineOf(open.record, world.facts(open))
    world.nowMs = Math.max(world.nowMs, deadlineMs ?? 0)
  }),
  of(
    18,
    fc
      .record({ type: fc.constantFrom(...COMMANDS), actor: fc.constantFrom(...ACTORS), fresh: fc.boolean() })
      .map(({ type, actor, fresh }) => commanded(type, actor, fresh && type === 'retry')),
  ),
  of(
    2,
    fc.record({ n: nth, rehearsal: fc.boolean() }).map(({ n, rehearsal }) =>
      event(`${rehearsal ? 'rehearse' : 'start'} ${n}`, (world) => {
        const version = world.tip[n % Math.max(1, world.tip.length)]
        if (version) world.requested = { number: version.number, rehearsal, fresh: false }
      }),
    ),
  ),
  of(
    2,
    fc
      .boolean()
      .map((withdraw) =>
        event(`roll back${withdraw ? '' : ', no withdrawal'}`, (world) => world.rollBack(withdraw)),
      ),
  ),
  one(1, 'lift', (world) => {
    for (const [digest, standing] of world.standings) {
      if (standing === 'withdrawn') world.standings.set(digest, 'failed')
    }
  }),
  one(1, 'hold', (world) => {
    world.hold ??= { sinceMs: world.nowMs }
  }),
  one(4, 'release', (world) => {
    world.hold = null
  }),
  of(
    1,
    fc.constantFrom(MINUTE_MS, 3_600_000, 86_400_000).map((ms) =>
      event(`freeze ${ms}`, (world) => {
        world.frozenUntilMs = world.nowMs + ms
      }),
    ),
  ),
  of(
    1,
    fc.constantFrom(true, false, false).map((waits) =>
      event(waits ? 'a release waits' : 'a release is ready', (world) => {
        world.releaseWaits = waits
      }),
    ),
  ),
  of(
    1,
    fc.nat({ max: POLICIES.length - 1 }).map((index) =>
      event(`policy ${index}`, (world) => {
        world.policy = POLICIES[index] ?? world.policy
        world.policyHash = `policy-${index}`
      }),
    ),
  ),
)
