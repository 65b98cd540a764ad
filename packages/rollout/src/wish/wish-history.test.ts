import { DRIFT_REASONS, type DriftReason, type Standing, type VersionState } from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideWish } from './decide-wish.ts'
import type { OpenRollout, TipVersion, VersionRef, WishInput } from './wish.ts'

/** What can happen to a model, told by anyone in any order. */
type Event =
  | { readonly type: 'push'; readonly bytes: number }
  | { readonly type: 'validated' | 'rejected'; readonly nth: number }
  | { readonly type: 'deleted'; readonly nth: number }
  | {
      readonly type: 'rolloutEnds'
      readonly how: 'succeeded' | 'failed' | 'byUser' | 'policyChanged' | 'lagging'
    }
  | {
      readonly type:
        | 'rollback'
        | 'lift'
        | 'hold'
        | 'release'
        | 'stall'
        | 'acknowledge'
        | 'manual'
        | 'push-trigger'
    }
  | { readonly type: 'request'; readonly nth: number }

/** A model in the record, and a shell that carries acts out as the controller does. */
class World {
  readonly tip: TipVersion[] = []
  readonly standings = new Map<string, Standing>()
  readonly started: number[] = []
  live: VersionRef | null = null
  previous: VersionRef | null = null
  rollout: OpenRollout | null = null
  requested: number | null = null
  held = false
  stalled = false
  trigger: WishInput['trigger'] = 'push'
  #numbers = 0

  input(): WishInput {
    const { tip, standings, live, rollout, requested, held, stalled, trigger } = this
    return { tip, standings, plan: { live }, rollout, requested, held, stalled, trigger, strategy: 'shadow' }
  }

  happen(event: Event): void {
    switch (event.type) {
      case 'push':
        this.#numbers++
        this.tip.push({
          number: this.#numbers,
          digest: `bytes-${event.bytes}`,
          state: 'validating',
          reason: null,
        })
        return
      case 'validated':
      case 'rejected':
        this.#setState(event.nth, event.type)
        return
      case 'deleted':
        // Counted from the newest, which is live more often.
        if (!this.stalled) this.tip.splice(-1 - (event.nth % Math.max(1, this.tip.length)), 1)
        return
      case 'rolloutEnds':
        this.#endRollout(event.how)
        return
      case 'rollback':
        this.#rollBack()
        return
      case 'lift':
        for (const [digest, standing] of this.standings) {
          if (standing === 'withdrawn') this.standings.set(digest, 'failed')
        }
        return
      case 'request':
        this.requested = this.tip[event.nth % Math.max(1, this.tip.length)]?.number ?? null
        return
      case 'hold':
      case 'release':
        this.held = event.type === 'hold'
        return
      case 'stall':
      case 'acknowledge':
        this.stalled = event.type === 'stall'
        return
      case 'manual':
      case 'push-trigger':
        this.trigger = event.type === 'manual' ? 'manual' : 'push'
    }
  }

  /** Carries acts out until there is none: how many it took. */
  reconcile(): number {
    for (let acts = 0; acts < 10; acts++) {
      const { act } = decideWish(this.input())
      if (act.type === 'none') return acts
      if (act.type === 'abort') {
        if (act.reason === 'byUser' && this.rollout) this.#fail(this.rollout.candidate.digest)
        this.rollout = null
        continue
      }
      this.#start(act.number)
    }
    return 10
  }

  #start(number: number): void {
    const version = this.tip.find((one) => one.number === number)
    if (!version) throw new Error(`started ${number}, which is not at the tip`)
    const standing = this.standings.get(version.digest)
    if (standing === 'withdrawn') throw new Error(`started ${number}, which is withdrawn`)
    if (standing === 'failed' && this.requested !== number) throw new Error(`started ${number}, which failed`)
    if (version.state !== 'validated') throw new Error(`started ${number}, which is ${version.state}`)
    if (number <= (this.live?.number ?? 0)) throw new Error(`started ${number}, below live`)
    if (this.requested === number) this.requested = null
    this.started.push(number)
    this.rollout = { candidate: version, baseline: this.live, pauseReason: null }
  }

  #setState(nth: number, state: VersionState): void {
    const waiting = this.tip.filter((version) => version.state === 'validating')
    const version = waiting[nth % Math.max(1, waiting.length)]
    if (!version) return
    const reason = state === 'rejected' ? 'not a model' : null
    this.tip[this.tip.indexOf(version)] = { ...version, state, reason }
  }

  #endRollout(how: 'succeeded' | 'failed' | 'byUser' | 'policyChanged' | 'lagging'): void {
    const { rollout } = this
    if (!rollout) return
    if (how === 'lagging') {
      this.rollout = { ...rollout, pauseReason: 'nodesLagging' }
      return
    }
    this.rollout = null
    if (how === 'succeeded') {
      // The same bytes under a new number are nothing to go back from.
      if (this.live?.digest !== rollout.candidate.digest) this.previous = this.live
      this.live = rollout.candidate
      this.held = false
      this.standings.set(rollout.candidate.digest, 'proven')
    } else if (how !== 'policyChanged') this.#fail(rollout.candidate.digest)
  }

  #fail(digest: string): void {
    if (this.standings.get(digest) !== 'withdrawn') this.standings.set(digest, 'failed')
  }

  #rollBack(): void {
    if (!this.live || !this.previous) return
    this.standings.set(this.live.digest, 'withdrawn')
    this.live = this.previous
    this.previous = null
    this.held = true
  }
}

const nth = fc.nat({ max: 5 })
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant('push' as const), bytes: fc.nat({ max: 9 }) }) },
  { weight: 8, arbitrary: fc.record({ type: fc.constant('validated' as const), nth }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constantFrom('rejected' as const, 'deleted' as const), nth }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('rolloutEnds' as const),
      how: fc.constantFrom(
        'succeeded',
        'succeeded',
        'succeeded',
        'failed',
        'byUser',
        'policyChanged',
        'lagging',
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('request' as const), nth }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('rollback' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('hold', 'stall', 'manual', 'lift') }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('release', 'acknowledge', 'push-trigger') }) },
)

/** What each reason claims of the newest version, checked against the facts. */
function isTrue(
  reason: DriftReason,
  { tip, standings, plan, rollout, held, stalled, trigger }: WishInput,
): boolean {
  const newest = [...tip].sort((left, right) => right.number - left.number)[0]
  const standing = standings.get(newest?.digest ?? '')
  const running = rollout !== null && rollout.candidate.number === newest?.number
  switch (reason) {
    case 'withdrawn':
      return standing === 'withdrawn'
    case 'rejected':
      return newest?.state === 'rejected'
    case 'validating':
      return newest?.state === 'validating' || newest?.state === 'discovered'
    case 'rolloutFailed':
      return standing === 'failed' && !running
    case 'heldByOperator':
      return held
    case 'nodeLagging':
      return running && rollout.pauseReason === 'nodesLagging'
    case 'rolloutRunning':
      return rollout !== null
    case 'repositoryStalled':
      return stalled
    case 'manual':
      return trigger === 'manual' && !running
    case 'deletedInGit':
      return plan.live !== null && !tip.some((version) => version.number === plan.live?.number)
  }
}

describe('decideWish over any history', () => {
  it('comes to rest, starts nothing that may not be started, and always says truly why live is not the newest', () => {
    const reasons = new Set<DriftReason>()
    fc.assert(
      fc.property(fc.array(event, { minLength: 15, maxLength: 60, size: 'max' }), (events) => {
        const world = new World()
        for (const happening of events) {
          world.happen(happening)
          const before = world.started.length
          expect(world.reconcile()).toBeLessThanOrEqual(3)
          expect(world.started.length - before).toBeLessThanOrEqual(2)
          const { act, drift } = decideWish(world.input())
          expect(act).toEqual({ type: 'none' })
          const newest = Math.max(0, ...world.tip.map((version) => version.number))
          expect(drift === null).toBe(newest === (world.live?.number ?? 0))
          if (world.live) expect(world.standings.get(world.live.digest)).not.toBe('withdrawn')
          if (drift === null) continue
          reasons.add(drift.reason)
          expect([drift.reason, isTrue(drift.reason, world.input())]).toEqual([drift.reason, true])
        }
      }),
      { numRuns: 300 },
    )
    expect([...reasons].sort()).toEqual([...DRIFT_REASONS].sort())
  })

  it('does not start a version twice while nothing changes', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40, size: 'max' }), (events) => {
        const world = new World()
        for (const happening of events) world.happen(happening)
        world.reconcile()
        const { length } = world.started
        for (let look = 0; look < 5; look++) expect(world.reconcile()).toBe(0)
        expect(world.started).toHaveLength(length)
      }),
    )
  })
})
