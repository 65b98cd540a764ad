import type { DriftReason, RolloutKind, Standing } from '@understudy/core'
import fc from 'fast-check'
import { policy } from '../rollouts/rollout.fixture.ts'
import { deadlineOf } from '../rollouts/rollout-deadline.ts'
import type { RolloutFacts } from '../rollouts/rollout-facts.ts'
import { phaseOf } from '../rollouts/rollout-position.ts'
import { type RolloutTransition, TRANSITIONS } from '../rollouts/transitions.ts'
import type { TipVersion } from '../wish/wish.ts'
import { law } from './law.fixture.ts'
import { ACTS_MAX, ModelWorld, type Watcher } from './model-world.fixture.ts'
import type { OpenWorld } from './open-world.fixture.ts'
import { anEvent, POLICIES, type WorldEvent } from './world-events.fixture.ts'
import { checkEnd, checkMove, checkRest, checkStart } from './world-laws.fixture.ts'

/** What was seen in all worlds together. */
export class Seen implements Watcher {
  /** `<state> <cause> <state>` */
  readonly moves = new Set<string>()
  readonly drifts = new Set<DriftReason>()
  readonly kinds = new Set<RolloutKind>()
  promotions = 0
  rollbacks = 0
  /** Rollouts that began since something happened last. */
  readonly #begun = new Set<string>()

  started(version: TipVersion, kind: RolloutKind, world: ModelWorld): void {
    checkStart(version, kind, world)
    this.kinds.add(kind)
    const begun = `${version.number} ${kind}`
    law('no version is tried again by itself', !this.#begun.has(begun))
    this.#begun.add(begun)
  }

  moved(transition: RolloutTransition, open: OpenWorld, facts: RolloutFacts, world: ModelWorld): void {
    checkMove(transition, open, facts, world)
    const { cause, to, effect } = transition
    this.moves.add(`${phaseOf(open.record.position)} ${cause} ${phaseOf(to)}`)
    if (effect === 'promote') this.promotions++
    if (effect === 'rollBack') this.rollbacks++
  }

  ended(before: Standing, open: OpenWorld, world: ModelWorld): void {
    checkEnd(before, open, world)
  }

  /** Something happened: what is tried now was not tried for it before. */
  happened(): void {
    this.#begun.clear()
  }

  rests(world: ModelWorld): void {
    law('it comes to rest', world.reconcile() <= ACTS_MAX)
    const drift = checkRest(world)
    if (drift !== null) this.drifts.add(drift)
  }
}

/** Moves that need a record which these worlds do not come to. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  // What judges in a bake was live before, and only what is tried is withdrawn.
  'bake failed failed',
  // A pass once reached stays until a fail, or another policy.
  'promoting verdictMissing pausedInconclusive',
])

/** Moves of the table that have not happened in any world: of those nothing was proved. */
export function unseenMoves(seen: Seen): readonly string[] {
  return Object.entries(TRANSITIONS).flatMap(([from, row]) =>
    Object.entries(row)
      .flatMap(([cause, targets]: [string, readonly string[]]) =>
        targets.map((to) => `${from} ${cause} ${to}`),
      )
      .filter((move) => !seen.moves.has(move) && !UNREACHABLE.has(move)),
  )
}

/** Nobody does anything more: what is open ends by its deadlines, and nothing begins again and again. */
function letTimePass(world: ModelWorld, seen: Seen): void {
  seen.happened()
  for (let looks = 0; looks < 100; looks++) {
    seen.rests(world)
    const deadlineMs = world.open && deadlineOf(world.open.record, world.facts(world.open))
    if (deadlineMs === null) return
    world.nowMs = deadlineMs
  }
  law('a rollout ends by its deadlines', false)
}

/** Lets a model live through a history, looks at it after every event, and then lets time pass. */
function live(history: readonly WorldEvent[], policyIndex: number, seen: Seen): void {
  const world = new ModelWorld(POLICIES[policyIndex] ?? policy(), seen)
  world.policyHash = `policy-${policyIndex}`
  for (const node of ['node-0', 'node-1']) world.nodes.set(node, { joinedAtMs: 0, loaded: new Map() })
  for (const event of history) {
    seen.happened()
    event.happen(world)
    seen.rests(world)
  }
  letTimePass(world, seen)
}

/** Random histories of a model, each looked at after every event. Throws with the seed and the shortest history that breaks a law. */
export function simulateModels({ seed, runs }: { readonly seed: number; readonly runs: number }): Seen {
  const seen = new Seen()
  // Biased histories are one event again and again: nothing comes far.
  const histories = fc.noBias(fc.array(anEvent, { minLength: 60, maxLength: 150, size: 'max' }))
  fc.assert(
    fc.property(histories, fc.nat({ max: POLICIES.length - 1 }), (history, policyIndex) =>
      live(history, policyIndex, seen),
    ),
    { seed, numRuns: runs },
  )
  return seen
}
