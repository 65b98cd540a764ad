import type { RolloutKind, RolloutPolicy, Standing, VerdictOutcome } from '@understudy/core'
import { canaryStep } from '../analysis/analysis-plan.ts'
import { decideCommand } from '../rollouts/decide-command.ts'
import { decideRollout } from '../rollouts/decide-rollout.ts'
import { analysis } from '../rollouts/rollout.fixture.ts'
import type { CommandType } from '../rollouts/rollout-command.ts'
import {
  DEFAULT_LIMITS,
  type NodeReport,
  type PersonsAct,
  type RolloutFacts,
  type RolloutRecord,
} from '../rollouts/rollout-facts.ts'
import { FIRST_POSITION, isCompared, isOpen } from '../rollouts/rollout-position.ts'
import { standingAfter } from '../rollouts/standing-after.ts'
import { applyMove, type RolloutTransition } from '../rollouts/transitions.ts'
import { decideWish } from '../wish/decide-wish.ts'
import type { Pointer, RolloutRequest, TipVersion, VersionRef, WishInput } from '../wish/wish.ts'
import type { OpenWorld, Series } from './open-world.fixture.ts'
import { ServedVersions } from './served-versions.fixture.ts'

/** What the world tells those who watch it. */
export interface Watcher {
  moved(transition: RolloutTransition, open: OpenWorld, facts: RolloutFacts, world: ModelWorld): void
  started(version: TipVersion, kind: RolloutKind, world: ModelWorld): void
  ended(before: Standing, open: OpenWorld, world: ModelWorld): void
}

interface Node {
  readonly joinedAtMs: number
  readonly loaded: Map<string, 'available' | 'error'>
}

/** The most acts that one event may lead to before there is nothing left to do. */
export const ACTS_MAX = 20

/** A model in the record, its nodes, and a shell that carries decisions out as the controller does. */
export class ModelWorld {
  nowMs = 1_000_000_000
  tip: TipVersion[] = []
  readonly standings = new Map<string, Standing>()
  readonly pushers = new Map<string, string | null>()
  readonly nodes = new Map<string, Node>()
  open: OpenWorld | null = null
  last: { readonly record: RolloutRecord; readonly verdict: VerdictOutcome | null } | null = null
  requested: (RolloutRequest & { readonly fresh: boolean }) | null = null
  hold: { readonly sinceMs: number } | null = null
  frozenUntilMs = 0
  stalled = false
  releaseWaits = false
  policy: RolloutPolicy
  policyHash = 'policy-0'
  /** What the environment file asks for. */
  pointer: Pointer | null = null
  readonly #served = new ServedVersions()
  readonly #series = new Map<string, Series>()
  readonly #attempts = new Map<string, number>()
  readonly #watcher: Watcher

  constructor(policy: RolloutPolicy, watcher: Watcher) {
    this.policy = policy
    this.#watcher = watcher
  }

  get live(): VersionRef | null {
    return this.#served.live
  }

  get previous(): VersionRef | null {
    return this.#served.previous
  }

  standingOf(digest: string): Standing {
    return this.standings.get(digest) ?? 'untried'
  }

  wishInput(): WishInput {
    const { tip, standings, live, open, requested, hold, stalled, policy, pointer } = this
    const record = open?.record
    return {
      tip,
      standings,
      plan: { live },
      pointer,
      requested,
      held: hold !== null,
      stalled,
      trigger: policy.trigger,
      strategy: policy.strategy,
      rollout: record
        ? {
            kind: record.kind,
            candidate: record.candidate,
            baseline: record.baseline,
            step: record.position.step,
            startedAtMs: open.startedAtMs,
            pauseReason: record.position.state === 'paused' ? record.position.reason : null,
          }
        : null,
    }
  }

  facts(open: OpenWorld, act: PersonsAct | null = null): RolloutFacts {
    const { candidate } = open.record
    const wish = decideWish(this.wishInput())
    const version = this.tip.find(({ number }) => number === candidate.number)
    const { previous } = this
    return {
      nowMs: this.nowMs,
      live: this.live,
      previous: previous !== null && this.standingOf(previous.digest) !== 'withdrawn' ? previous : null,
      policy: this.policy,
      policyHash: this.policyHash,
      candidateAtTip: version?.digest === candidate.digest,
      candidateStanding: this.standingOf(candidate.digest),
      supersededBy: wish.act.type === 'supersede' ? wish.act.number : null,
      heldSinceMs: this.hold?.sinceMs ?? null,
      frozenUntilMs: this.frozenUntilMs > this.nowMs ? this.frozenUntilMs : null,
      nodes: this.#reports(candidate.digest),
      analysis: isCompared(open.record.kind) ? this.#analysisOf(open) : null,
      approvals: open.approvals,
      pusher: this.pushers.get(candidate.digest) ?? null,
      release: this.releaseWaits ? { name: 'spring', waitingFor: ['rose'] } : null,
      act,
      limits: DEFAULT_LIMITS,
    }
  }

  /** Decides and carries out until nothing is left to do: how many acts it took. */
  reconcile(): number {
    for (let acts = 0; acts <= ACTS_MAX; acts++) if (!this.#step()) return acts
    return ACTS_MAX + 1
  }

  command(type: CommandType, actor: string, fresh = false): void {
    const record = this.open?.record ?? this.last?.record
    if (!record) return
    const verdict = this.open ? this.#verdictOf(this.open.series) : (this.last?.verdict ?? null)
    const previous = this.open ? this.facts(this.open).previous : null
    const decision = decideCommand(
      { type, reason: 'because', fresh, seen: null },
      { rollout: record, candidateStanding: this.standingOf(record.candidate.digest), verdict, previous },
    )
    if (decision.type !== 'accepted') return
    const { number } = record.candidate
    switch (decision.as) {
      case 'approval':
        this.#approve(actor)
        return
      case 'act':
        this.#act(type, actor)
        return
      case 'rollBack':
        if (!this.rollBack(true)) throw new Error('accepted a rollback that is not possible')
        return
      default:
        this.requested = {
          number,
          rehearsal: decision.as === 'rehearsal',
          fresh: decision.as === 'freshRequest',
        }
    }
  }

  /** A person takes the live version off: with a hold, at once, whatever else goes on. False when there is nothing to go back to. */
  rollBack(withdraw: boolean): boolean {
    const { live, previous, open } = this
    if (live === null || previous === null || this.standingOf(previous.digest) === 'withdrawn') return false
    this.hold = { sinceMs: this.nowMs }
    if (open?.record.position.step === 'bake') {
      const facts = this.facts(open)
      this.#apply(open, applyMove(open.record.position, { cause: 'takenOff', detail: 'rolled back' }), facts)
    }
    this.standings.set(live.digest, withdraw ? 'withdrawn' : 'failed')
    this.#served.restore(previous, this)
    return true
  }

  #step(): boolean {
    const { open } = this
    const { act, settles } = decideWish(this.wishInput())
    if (settles && this.pointer !== null) this.pointer = { ...this.pointer, settled: true }
    if (open === null) {
      if (act.type !== 'start') return false
      this.#start(act.number, act.kind)
      return true
    }
    const facts = this.facts(open)
    const transition = decideRollout(open.record, facts)
    if (transition === null) return false
    this.#apply(open, transition, facts)
    return true
  }

  #act(type: CommandType, actor: string): void {
    if (this.open === null || type === 'approve') throw new Error(`${type} was accepted as an act`)
    const facts = this.facts(this.open, { type, actor, reason: 'because' })
    const transition = decideRollout(this.open.record, facts)
    if (transition === null) throw new Error(`${type} was accepted and moved nothing`)
    this.#apply(this.open, transition, facts)
  }

  #approve(actor: string): void {
    const open = this.open
    if (open === null) throw new Error('an approval of nothing was accepted')
    const { candidate, baseline, policyHash } = open.record
    open.approvals.push({
      actor,
      atMs: this.nowMs,
      expiresAtMs: this.nowMs + this.policy.approval.expires,
      candidateDigest: candidate.digest,
      baselineDigest: baseline?.digest ?? null,
      policyHash,
    })
  }

  #start(number: number, kind: RolloutKind): void {
    const version = this.tip.find((one) => one.number === number)
    if (version === undefined) throw new Error(`started ${number}, which is not at the tip`)
    this.#watcher.started(version, kind, this)
    const key = [version.digest, this.live?.digest, this.policyHash].join()
    const asked = this.requested?.number === number
    const fresh = asked && this.requested?.fresh === true
    const attempt = (this.#attempts.get(key) ?? 0) + (fresh ? 1 : 0)
    this.#attempts.set(key, attempt)
    const seriesKey = `${key},${attempt}`
    const series = this.#series.get(seriesKey) ?? { passed: false, failed: null, shed: false, pairs: {} }
    this.#series.set(seriesKey, series)
    if (asked) this.requested = null
    this.open = {
      record: {
        model: 'iris',
        kind,
        position: FIRST_POSITION,
        sinceMs: this.nowMs,
        candidate: { number, digest: version.digest },
        baseline: this.live,
        policyHash: this.policyHash,
        promotedNow: null,
      },
      series,
      approvals: [],
      collectingSinceMs: this.nowMs,
      weights: [],
      startedAtMs: this.nowMs,
      asked,
    }
  }

  #apply(open: OpenWorld, transition: RolloutTransition, facts: RolloutFacts): void {
    this.#watcher.moved(transition, open, facts, this)
    const { cause, to, effect } = transition
    const { record } = open
    if (cause === 'shadowReady' || cause === 'retried') open.collectingSinceMs = this.nowMs
    if (record.position.step === 'canary' && (cause === 'nextWeight' || cause === 'cleared')) {
      open.weights.push(record.position.weightIndex ?? -1)
    }
    const { act } = facts
    const promotedNow =
      cause === 'promotedNow' && act
        ? { actor: act.actor, reason: act.reason, atMs: this.nowMs }
        : record.promotedNow
    if (effect === 'promote') this.#promote(record.candidate)
    if (effect === 'rollBack' && facts.previous) this.#served.restore(facts.previous, this)
    open.record = { ...record, position: to, sinceMs: this.nowMs, promotedNow }
    if (isOpen(to)) return
    const before = this.standingOf(record.candidate.digest)
    const standing = standingAfter(record.kind, to)
    if (standing !== null) this.standings.set(record.candidate.digest, standing)
    this.#watcher.ended(before, open, this)
    this.last = { record: open.record, verdict: this.#verdictOf(open.series) }
    this.open = null
  }

  #promote(candidate: VersionRef): void {
    this.#served.promote(candidate, this)
    this.hold = null
    if (this.open) this.open.approvals = []
    if (this.pointer !== null) this.pointer = { ...this.pointer, settled: true }
  }

  #reports(digest: string): readonly NodeReport[] {
    return [...this.nodes].map(([node, { joinedAtMs, loaded }]) => ({
      node,
      joinedAtMs,
      state: loaded.get(digest) ?? 'pending',
      detail: null,
    }))
  }

  /** The step that counters belong to now. */
  stepOf({ position }: RolloutRecord): string {
    if (position.step === 'bake') return 'bake'
    const percent = position.weightIndex === null ? undefined : this.policy.canary[position.weightIndex]
    return percent === undefined ? 'shadow' : canaryStep(percent)
  }

  #analysisOf({ series, collectingSinceMs }: OpenWorld) {
    const { pairs, failed, passed, shed } = series
    if (failed !== null) return analysis('fail', { reason: failed, pairs })
    if (passed) return analysis('pass', { pairs })
    if (shed) return analysis('inconclusive', { reason: 'shed', pairs })
    if (this.nowMs - collectingSinceMs < this.policy.shadow.maxDuration)
      return analysis('collecting', { pairs })
    return analysis((pairs.shadow ?? 0) > 0 ? 'inconclusive' : 'noData', { reason: 'maxDuration', pairs })
  }

  #verdictOf({ failed, passed }: Series): VerdictOutcome | null {
    if (failed !== null) return 'fail'
    return passed ? 'pass' : null
  }
}
